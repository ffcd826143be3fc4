// Drives entities, factors and challenges of a running server with the official Node SDK of Twilio, unchanged.
//
// Codes are made here, from the secret that the server told and the time that it tells.

"use strict";

const assert = require("node:assert/strict");
const { createHmac } = require("node:crypto");
const twilio = require(process.env.TWILIO_SDK);

const { BASE: base, ACCOUNT_SID: account, AUTH_TOKEN: token, SERVICE_SID: sid } = process.env;

function step(what, seen, expected) {
  assert.deepEqual(seen, expected, what);
}

async function refused(status, code, call) {
  await assert.rejects(call, (raised) => {
    step(`${status} / ${code}`, [raised.status, raised.code, raised.constructor.name], [status, code, "RestException"]);
    return true;
  });
}

// RFC 6238 with SHA-1, six digits and 30 seconds, as an app does it.
function codeOf(secret, at) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const count = Buffer.alloc(8);
  count.writeBigUInt64BE(BigInt(Math.floor(at / 30000)));
  const tag = createHmac("sha1", key).update(count).digest();
  const cut = tag.readUInt32BE(tag[19] & 15) & 0x7fffffff;
  return String(cut % 1e6).padStart(6, "0");
}

async function main() {
  const client = twilio(account, token);
  client.verify.baseUrl = base;
  const service = client.verify.v2.services(sid);

  const made = await service.entities.create({ identity: "node-0001" });
  step("the entity", [/^YE[0-9a-f]{32}$/.test(made.sid), made.identity, made.serviceSid], [true, "node-0001", sid]);
  await refused(409, 60301, () => service.entities.create({ identity: "node-0001" }));
  const entity = service.entities("node-0001");
  step("the entity again", (await entity.fetch()).sid, made.sid);
  step("all entities", (await service.entities.list()).map((found) => found.identity), ["node-0001"]);

  const created = await entity.newFactors.create({
    friendlyName: "phone",
    factorType: "totp",
    "config.alg": "sha1",
    "config.timeStep": 30,
    metadata: { os: "Android" },
  });
  step("how its codes are made", created.config, { alg: "sha1", skew: 1, code_length: 6, time_step: 30 });
  step("where it stands", [created.status, created.factorType, created.metadata], ["unverified", "totp", { os: "Android" }]);
  const { secret, uri } = created.binding;
  step("its link", uri.startsWith(`otpauth://totp/web:phone?secret=${secret}&issuer=web&`), true);
  const code = (later) => codeOf(secret, made.dateCreated.getTime() + later * 1000);
  const wrong = (right) => (right.startsWith("1") ? "2" : "1") + right.slice(1);

  await refused(403, 60318, () => entity.challenges.create({ factorSid: created.sid, authPayload: code(0) }));
  await refused(403, 60311, () => entity.factors(created.sid).update({ authPayload: wrong(code(-30)) }));
  step("verified", (await entity.factors(created.sid).update({ authPayload: code(-30) })).status, "verified");
  step("fetched", (await entity.factors(created.sid).fetch()).status, "verified");

  const asked = await entity.challenges.create({
    factorSid: created.sid,
    authPayload: code(0),
    "details.message": "Sign in?",
    "details.fields": [{ label: "From", value: "London" }],
    hiddenDetails: { ip: "192.0.2.1" },
  });
  step("approved at once", [asked.status, asked.factorSid, asked.details.message], ["approved", created.sid, "Sign in?"]);
  step("what it is about", [asked.details.fields, asked.hiddenDetails], [[{ label: "From", value: "London" }], { ip: "192.0.2.1" }]);
  const again = await entity.challenges.create({ factorSid: created.sid, authPayload: code(0) });
  step("each step once", [again.status, again.dateResponded], ["pending", null]);
  step("answered later", (await entity.challenges(again.sid).update({ authPayload: code(30) })).status, "approved");
  await refused(403, 60322, () => entity.challenges(again.sid).update({ authPayload: code(30) }));
  const listed = await entity.challenges.list({ order: "desc", pageSize: 1 });
  // Both are of one moment, so their order means nothing.
  step("all challenges", listed.map((found) => found.sid).sort(), [again.sid, asked.sid].sort());

  await refused(403, 60204, () => entity.newFactors.create({ friendlyName: "push", factorType: "push" }));
  step("all factors", (await entity.factors.list()).map((found) => found.sid), [created.sid]);
  step("a factor is removed", await entity.factors(created.sid).remove(), true);
  step("the entity is removed", await entity.remove(), true);
  await refused(404, 20404, () => entity.fetch());
  console.log("every call did what it does at Twilio");
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
