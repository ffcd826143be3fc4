// Checks one code with the official Node SDK and prints what came of it: a status, or the code of the error.
"use strict";

const client = require(process.env.TWILIO_SDK)(process.env.ACCOUNT_SID, process.env.AUTH_TOKEN);
client.verify.baseUrl = process.env.BASE;
const [service, to, code] = process.argv.slice(2);
client.verify.v2.services(service).verificationChecks.create({ to, code }).then(
  (check) => console.log(check.status),
  (error) => console.log(error.code),
);
