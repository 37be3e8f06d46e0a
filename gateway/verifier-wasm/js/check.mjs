// node check.mjs PACKAGE [POLICY]: prints the verdict over a package in plain words and ends with its exit code.
import { readFile } from "node:fs/promises";
import { load } from "./lawgate-verify.mjs";

const [packagePath, policyPath] = process.argv.slice(2);
if (packagePath === undefined) {
  console.error("usage: node check.mjs PACKAGE [POLICY]");
  process.exit(2);
}
const verifier = await load(await readFile(new URL("./lawgate_verifier.wasm", import.meta.url)));
const policy = policyPath === undefined ? undefined : new Uint8Array(await readFile(policyPath));
const verdict = verifier.check(new Uint8Array(await readFile(packagePath)), policy);
process.stdout.write(verdict.text);
process.exitCode = verdict.exit_code;
