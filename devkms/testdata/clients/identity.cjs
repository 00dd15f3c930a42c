// Says who it is, by AWS's SDK for JavaScript and nothing but its environment.
"use strict";
const { STSClient, GetCallerIdentityCommand } = require("@aws-sdk/client-sts");

new STSClient({}).send(new GetCallerIdentityCommand({})).then(
  (answer) => console.log(answer.Arn),
  (e) => { console.error(String(e)); process.exit(1); },
);
