// Decrypts the files that are named on standard input, one a line, with sops-age,
// and prints one line of JSON for each: {"file", "value"} or {"file", "error"}.
// The folder that holds sops-age comes first, the age key is in AGE_KEY.
const fs = require("node:fs");
const { createRequire } = require("node:module");
const { decryptSops } = createRequire(process.argv[2] + "/")("sops-age");

const types = { yaml: "yaml", yml: "yaml", json: "json", env: "env" };

async function read(file) {
  try {
    const fileType = types[file.slice(file.lastIndexOf(".") + 1)];
    const value = await decryptSops(fs.readFileSync(file, "utf8"), { fileType, secretKey: process.env.AGE_KEY });
    return { file, value };
  } catch (e) {
    return { file, error: String(e.message).slice(0, 300) };
  }
}

(async () => {
  process.removeAllListeners("warning");
  for (const file of fs.readFileSync(0, "utf8").split("\n").filter(Boolean)) {
    console.log(JSON.stringify(await read(file)));
  }
})();
