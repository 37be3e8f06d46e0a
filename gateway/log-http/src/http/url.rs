//! Where a peer is reached: the part of a URL in front of what the protocols add.

use std::fmt;

use hyper::Uri;

/// A URL prefix of `http` or `https`, without query and user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    secure: bool,
    /// Name or address; without the brackets of an IPv6 address.
    host: String,
    /// Name or address and port as they stand in the URL.
    authority: String,
    port: u16,
    /// The path as it stands in the URL; it begins with a slash.
    path: String,
}

/// A text is no URL at which a peer could be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{url} is not an http or https URL without user, query and fragment")]
pub struct UrlError {
    /// The text.
    pub url: String,
}

impl BaseUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn parse(url: &str) -> Result<Self, UrlError> {
        Self::read(url).ok_or_else(|| UrlError {
            url: url.to_owned(),
        })
    }

    fn read(url: &str) -> Option<Self> {
        if url.contains('#') {
            return None;
        }
        let uri: Uri = url.parse().ok()?;
        let secure = match uri.scheme_str()? {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let authority = uri.authority()?;
        if authority.as_str().contains('@') || uri.query().is_some() || authority.host().is_empty()
        {
            return None;
        }
        let port = match authority.as_str().strip_prefix(authority.host())? {
            "" if secure => 443,
            "" => 80,
            // Read here, since a port that is too large is dropped silently by the library.
            stated => stated.strip_prefix(':')?.parse().ok()?,
        };
        let bare = authority.host().trim_start_matches('[');
        Some(Self {
            secure,
            host: bare.trim_end_matches(']').to_owned(),
            authority: authority.as_str().to_owned(),
            port,
            path: uri.path().to_owned(),
        })
    }

    /// Whether the peer is reached by TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The name or address of the peer.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port of the peer.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What stands in the field `Host`.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Puts what a protocol adds, such as `/add-checkpoint`, behind the path; for nothing, the path as it is.
    pub(crate) fn path(&self, suffix: &str) -> String {
        match suffix {
            "" => self.path.clone(),
            suffix => format!("{}{suffix}", self.path.trim_end_matches('/')),
        }
    }
}

impl fmt::Display for BaseUrl {
    /// The URL, as it was read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_and_under_which_prefix() {
        for (url, host, port, path) in [
            ("http://a", "a", 80, "/add"),
            ("https://a/", "a", 443, "/add"),
            ("http://127.0.0.1:81/x/", "127.0.0.1", 81, "/x/add"),
            ("https://[::1]:8443/x/y", "::1", 8443, "/x/y/add"),
        ] {
            let url = BaseUrl::parse(url).unwrap();
            assert_eq!((url.host(), url.port()), (host, port));
            assert_eq!(url.path("/add"), path);
        }
        assert_eq!(BaseUrl::parse("http://a").unwrap().path(""), "/");
        assert_eq!(BaseUrl::parse("http://a/tsa/").unwrap().path(""), "/tsa/");
    }

    #[test]
    fn what_is_no_plain_url_is_refused() {
        for url in [
            "",
            "a",
            "/a",
            "ftp://a",
            "http://",
            "http://u@a",
            "http://u:p@a/",
            "http://a?b",
            "http://a#b",
            "http://a b",
            "http://a:99999",
            "http://a:",
            "http://a:x",
        ] {
            assert!(BaseUrl::parse(url).is_err(), "{url}");
        }
    }
}
