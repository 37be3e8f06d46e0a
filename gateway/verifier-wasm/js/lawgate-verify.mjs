// Checks evidence packages (证据包) in a browser or in Node: nothing is sent anywhere.
//
//   const verifier = await load(bytesOfTheModule);
//   const verdict = verifier.check(bytesOfThePackage, bytesOfThePolicy);
//
// The verdict is what `lawgate-verify --json` prints, with `text` in plain words, Chinese and English.

/** Longest package that is taken, in bytes; the module has 4 GiB of memory at most. */
export const MAX_PACKAGE_BYTES = 1 << 30;

/**
 * Loads the module.
 * @param {BufferSource | Response | Promise<Response>} source the module's bytes, or the answer of `fetch`
 * @returns {Promise<{check(packageBytes: Uint8Array, policyBytes?: Uint8Array): object}>}
 */
export async function load(source) {
  const awaited = await source;
  const isResponse = typeof Response !== "undefined" && awaited instanceof Response;
  const bytes = isResponse ? await awaited.arrayBuffer() : awaited;
  const module = await WebAssembly.compile(bytes);
  if (WebAssembly.Module.imports(module).length > 0) {
    throw new Error("the module asks for imports: it is not the verifier");
  }
  return {
    check(packageBytes, policyBytes = new Uint8Array()) {
      if (packageBytes.length > MAX_PACKAGE_BYTES) {
        throw new RangeError(`a package has at most ${MAX_PACKAGE_BYTES} bytes`);
      }
      // A fresh instance for each package: one cannot leave anything behind for the next.
      const { exports } = new WebAssembly.Instance(module);
      const place = (given) => {
        const at = exports.lawgate_alloc(given.length) >>> 0;
        new Uint8Array(exports.memory.buffer, at, given.length).set(given);
        return at;
      };
      const [packageAt, policyAt] = [place(packageBytes), place(policyBytes)];
      const at = exports.lawgate_check(packageAt, packageBytes.length, policyAt, policyBytes.length) >>> 0;
      const length = new DataView(exports.memory.buffer).getUint32(at, true);
      const text = new TextDecoder("utf-8", { fatal: true });
      return JSON.parse(text.decode(new Uint8Array(exports.memory.buffer, at + 4, length)));
    },
  };
}
