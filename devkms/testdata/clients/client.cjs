// Makes calls with AWS's SDK for JavaScript and prints one JSON object: for each
// call what it answers, or the name and the HTTP status of its error. Where the
// server is and who the caller is, the environment says, as in production.
"use strict";
const { KMSClient, EncryptCommand, DecryptCommand, GenerateDataKeyCommand, CreateKeyCommand } = require("@aws-sdk/client-kms");
const { STSClient, GetCallerIdentityCommand, AssumeRoleCommand } = require("@aws-sdk/client-sts");
const { fromIni, fromTemporaryCredentials } = require("@aws-sdk/credential-providers");

const KeyId = process.argv[2];
const EncryptionContext = { "Ключ": "значение", name: "Jürgen & 子 = 100 %" };

const kms = (credentials) => new KMSClient({ credentials });
const sts = (credentials) => new STSClient({ credentials });
const role = (account, name, more) =>
  fromTemporaryCredentials({ params: { RoleArn: `arn:aws:iam::${account}:role/${name}`, RoleSessionName: "js", ...more } });
const who = async (credentials) => (await sts(credentials).send(new GetCallerIdentityCommand({}))).Arn;
const encrypt = async (client, input) =>
  (await client.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from("secret"), ...input }))).CiphertextBlob;
const decrypt = async (client, CiphertextBlob, input) =>
  Buffer.from((await client.send(new DecryptCommand({ CiphertextBlob, ...input }))).Plaintext).toString();

const calls = {
  "the default user": () => who(),
  "a user's profile": () => who(fromIni({ profile: "bob" })),
  "a chain of profiles": async () => (await who(fromIni({ profile: "chained" }))).replace(/[^/]+$/, "*"),
  "a profile with a token": async () => (await who(fromIni({ profile: "ci" }))).replace(/[^/]+$/, "*"),
  "a role": () => who(role("111111111111", "sops-dev")),
  "a role that trusts another": () => who(role("222222222222", "chained")),
  "a role with its external id": () => who(role("111111111111", "external", { ExternalId: "sops-external-id" })),
  "a role without its external id": () => who(role("111111111111", "external")),
  "a name that is none": () => sts().send(new AssumeRoleCommand({ RoleArn: "arn:aws:iam::111111111111:role/sops-dev", RoleSessionName: "a b" })),
  "a context that is not ASCII": async () => decrypt(kms(), await encrypt(kms(), { EncryptionContext }), { EncryptionContext }),
  "the context's lack": async () => decrypt(kms(), await encrypt(kms(), { EncryptionContext })),
  "a data key": async () => {
    const key = await kms().send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256", EncryptionContext }));
    const again = await kms().send(new DecryptCommand({ CiphertextBlob: key.CiphertextBlob, EncryptionContext }));
    return Buffer.compare(key.Plaintext, again.Plaintext) === 0 && key.Plaintext.length === 32;
  },
  "a role uses the key": async () => {
    const client = kms(role("111111111111", "sops-dev"));
    return decrypt(client, await encrypt(client));
  },
  "a role makes a key": () => kms(role("111111111111", "sops-dev")).send(new CreateKeyCommand({})),
  "a user without permissions": () => encrypt(kms(fromIni({ profile: "bob" }))),
  "a wrong secret": () => encrypt(kms({ accessKeyId: "AKIADEVALICE0EXAMPLE", secretAccessKey: "another" })),
};

async function main() {
  const answers = {};
  for (const [name, call] of Object.entries(calls)) {
    answers[name] = await call().catch((e) => (e.$metadata?.httpStatusCode ? `${e.name} ${e.$metadata.httpStatusCode}` : String(e)));
  }
  console.log(JSON.stringify(answers));
}

main();
