//! The authority over HTTP (RFC 3161 §3.4): one query, one answer, one connection after the other.
//!
//! Only as much HTTP as our own client speaks; a stranger gets no answer.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::Authority;

/// The longest query taken, in bytes; ours have less than a hundred.
const MAX_QUERY_BYTES: usize = 64 << 10;

/// How long a client may take to send its query.
const DEADLINE: Duration = Duration::from_secs(20);

/// An authority that serves; it ends when this is dropped.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
}

impl Authority {
    /// Serves on a free port of this machine until the returned value is dropped.
    ///
    /// # Errors
    /// No port can be had.
    pub fn serve(self: &Arc<Self>) -> io::Result<Serving> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let is_over = Arc::new(AtomicBool::new(false));
        let (authority, over) = (Arc::clone(self), Arc::clone(&is_over));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                // Whoever asks sees that there is no answer, and tries again or says so.
                drop(stream.and_then(|mut stream| answer(&authority, &mut stream)));
            }
        });
        Ok(Serving { address, is_over })
    }
}

impl Serving {
    /// Where it serves.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes the thread, which sees that it is over.
        drop(TcpStream::connect(self.address));
    }
}

fn answer(authority: &Authority, stream: &mut TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(DEADLINE))?;
    let mut received = Vec::new();
    let (start, length) = loop {
        more(stream, &mut received)?;
        let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&received[..end]).to_lowercase();
        let mut lines = head.lines();
        let length = lines.find_map(|line| line.strip_prefix("content-length:"));
        let length = length.and_then(|text| text.trim().parse::<usize>().ok());
        break (
            end + 4,
            length.ok_or_else(|| io::Error::other("no length"))?,
        );
    };
    while received.len() < start + length {
        more(stream, &mut received)?;
    }
    let reply = authority.answer(&received[start..start + length])?;
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        reply.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(&reply)
}

fn more(stream: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 4096];
    let read = stream.read(&mut buffer)?;
    if read == 0 || received.len() + read > MAX_QUERY_BYTES {
        return Err(io::Error::other("the query ended early, or is too long"));
    }
    received.extend_from_slice(&buffer[..read]);
    Ok(())
}
