// Drives a running server with the official Node SDK of Twilio, unchanged: every call, its fields, its exceptions.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const twilio = require(process.env.TWILIO_SDK);
const RestException = require(`${process.env.TWILIO_SDK}/lib/base/RestException`).default;

const { BASE, ACCOUNT_SID, AUTH_TOKEN, KEY_SID, KEY_SECRET, OUTBOX } = process.env;
const ADA = "+447700900124";

// The shortest way to another address: one attribute of each product.
function pointed(client) {
  client.verify.baseUrl = BASE;
  client.lookups.baseUrl = BASE;
  return client;
}

// The other way: a client that changes the address of every request.
class Elsewhere extends twilio.RequestClient {
  request(asked) {
    return super.request({ ...asked, uri: asked.uri.replace(/^https:\/\/(verify|lookups)\.twilio\.com/, BASE) });
  }
}

// What was delivered, once it is so many.
async function messages(count) {
  const until = Date.now() + 20_000;
  while (Date.now() < until) {
    const text = fs.existsSync(OUTBOX) ? fs.readFileSync(OUTBOX, "utf8") : "";
    const lines = text.split("\n").filter(Boolean);
    if (lines.length >= count && (text === "" || text.endsWith("\n"))) return lines.map((line) => JSON.parse(line));
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error(`${count} messages did not arrive`);
}

// The class, status and code of what a call throws; never the other class, which customers do not catch.
async function refused(status, code, call) {
  try {
    await call();
  } catch (error) {
    assert.equal(error.constructor, RestException, `${error}`);
    assert.deepEqual([error.status, error.code], [status, code]);
    assert.equal(error.moreInfo, `https://www.twilio.com/docs/errors/${code}`);
    assert.ok(error.message);
    return error;
  }
  throw new Error(`${status} / ${code} was not thrown`);
}

const wrong = (code) => (code[0] === "1" ? "2" : "1") + code.slice(1);

async function services(client) {
  const made = await client.verify.v2.services.create({ friendlyName: "My App Verification" });
  assert.match(made.sid, /^VA[0-9a-f]{32}$/);
  assert.deepEqual([made.accountSid, made.friendlyName, made.codeLength], [ACCOUNT_SID, "My App Verification", 6]);
  assert.equal(made.dateCreated.toISOString(), "2026-01-02T03:04:05.000Z");
  assert.equal(made.links.verifications, `${BASE}/v2/Services/${made.sid}/Verifications`);
  // Options that the SDK does not know are dropped without a word, and a raw call sends them.
  const full = await client.verify.v2.services.create({
    friendlyName: "My App", codeLength: 8, lookupEnabled: true, "totp.issuer": "Acme", ttl: 600, doForceCheckOnce: true,
  });
  assert.deepEqual([full.codeLength, full.lookupEnabled, full.totp.issuer], [8, true, "Acme"]);
  const data = { FriendlyName: "My App", Ttl: 600, DoForceCheckOnce: "true" };
  const raw = await client.request({ method: "post", uri: `${BASE}/v2/Services`, data });
  assert.equal(raw.statusCode, 201);
  const answer = typeof raw.body === "string" ? JSON.parse(raw.body) : raw.body;
  assert.deepEqual([answer.ttl, answer.do_force_check_once], [600, true]);
  const updated = await client.verify.v2.services(full.sid).update({ friendlyName: "New" });
  assert.deepEqual([updated.friendlyName, updated.lookupEnabled], ["New", true]);
  assert.equal((await client.verify.v2.services(full.sid).fetch()).friendlyName, "New");
  const listed = (await client.verify.v2.services.list({ pageSize: 1 })).map((service) => service.sid);
  assert.ok(listed.includes(made.sid) && listed.includes(full.sid));
  assert.equal(await client.verify.v2.services(full.sid).remove(), true);
  await refused(404, 20404, () => client.verify.v2.services(full.sid).fetch());
  await refused(400, 60200, () => client.verify.v2.services.create({ friendlyName: "12345" }));
  return made.sid;
}

async function verifications(client, sid) {
  const service = client.verify.v2.services(sid);
  const sent = (await messages(0)).length;
  const started = await service.verifications.create({ to: ADA, channel: "sms" });
  assert.deepEqual([started.to, started.channel, started.status, started.valid], [ADA, "sms", "pending", false]);
  assert.deepEqual([started.serviceSid, started.accountSid, started.amount], [sid, ACCOUNT_SID, null]);
  assert.equal(started.sendCodeAttempts[0].channel, "sms");
  assert.equal(started.dateCreated.toISOString(), "2026-01-02T03:04:05.000Z");
  const { code } = (await messages(sent + 1)).at(-1);
  const again = await service.verifications.create({ to: ADA, channel: "call" });
  assert.deepEqual([again.sid, again.channel], [started.sid, "call"]);
  assert.equal((await messages(sent + 2)).at(-1).code, code);
  for (const name of [started.sid, ADA]) {
    assert.equal((await service.verifications(name).fetch()).sid, started.sid);
  }
  const pending = await service.verificationChecks.create({ to: ADA, code: wrong(code) });
  assert.deepEqual([pending.status, pending.valid, pending.sid], ["pending", false, started.sid]);
  const approved = await service.verificationChecks.create({ verificationSid: started.sid, code });
  assert.deepEqual([approved.status, approved.valid, approved.to], ["approved", true, ADA]);
  await refused(404, 20404, () => service.verificationChecks.create({ to: ADA, code }));
  await refused(404, 20404, () => service.verifications(started.sid).fetch());

  const mail = await service.verifications.create({ to: "a+b@example.org", channel: "email" });
  assert.equal(mail.to, "a+b@example.org");
  assert.equal((await service.verifications(mail.sid).update({ status: "canceled" })).status, "canceled");
  assert.equal((await service.verifications(mail.sid).fetch()).status, "canceled");
  const channelConfiguration = { whatsapp: { enabled: true }, sms: { enabled: true } };
  const options = { to: "+447700900400", channel: "whatsapp", channelConfiguration };
  assert.equal((await service.verifications.create(options)).channel, "whatsapp");
  await refused(400, 60200, () => service.verifications.create({ to: "1", channel: "sms" }));
  await refused(400, 60550, () => service.verifications.create({ to: ADA, channel: "sna" }));
  await refused(400, 60221, () => service.verificationChecks.create({ code: "123456" }));
}

async function everything(client) {
  const made = await client.verify.v2.services.create({ friendlyName: "Everything", customCodeEnabled: true });
  const service = client.verify.v2.services(made.sid);
  await service.rateLimits.create({ uniqueName: "end_user_ip" });
  const sent = (await messages(0)).length;
  const started = await service.verifications.create({
    to: "+447700900401", channel: "sms", customFriendlyName: "Other Brand", locale: "fr", customCode: "135790",
    rateLimits: { end_user_ip: "192.0.2.1" }, channelConfiguration: { template_id: "d-1" }, appHash: "FA+9qCX9VSu",
    templateCustomSubstitutions: JSON.stringify({ x: "y" }), deviceIp: "192.0.2.1", riskCheck: "enable",
    tags: JSON.stringify({ team: "blue" }),
  });
  const message = (await messages(sent + 1)).at(-1);
  assert.equal(message.code, "135790");
  assert.ok(message.text.includes("Other Brand") && message.text.endsWith("FA+9qCX9VSu"), message.text);
  assert.equal((await service.verifications(started.sid).update({ status: "approved" })).status, "approved");
  const templated = { to: ADA, channel: "sms", templateSid: `HJ${"0".repeat(32)}` };
  await refused(400, 60228, () => service.verifications.create(templated));
}

async function limits(client) {
  const made = await client.verify.v2.services.create({ friendlyName: "Limits" });
  const service = client.verify.v2.services(made.sid);
  const sent = (await messages(0)).length;
  for (let at = 0; at < 5; at += 1) await service.verifications.create({ to: ADA, channel: "sms" });
  await refused(429, 60203, () => service.verifications.create({ to: ADA, channel: "sms" }));
  const { code } = (await messages(sent + 5)).at(-1);
  for (let at = 0; at < 5; at += 1) {
    assert.equal((await service.verificationChecks.create({ to: ADA, code: wrong(code) })).status, "pending");
  }
  await refused(429, 60202, () => service.verificationChecks.create({ to: ADA, code }));
  const limit = await service.rateLimits.create({ uniqueName: "end_user_ip" });
  const bucket = await service.rateLimits(limit.sid).buckets.create({ max: 1, interval: 60 });
  assert.deepEqual([bucket.max, bucket.interval, bucket.rateLimitSid], [1, 60, limit.sid]);
  const rateLimits = { end_user_ip: "192.0.2.9" };
  await service.verifications.create({ to: "+447700900402", channel: "sms", rateLimits });
  await refused(429, 20429, () => service.verifications.create({ to: "+447700900403", channel: "sms", rateLimits }));
}

async function attempts(client, sid) {
  const all = await client.verify.v2.verificationAttempts.list({ verifyServiceSid: sid, pageSize: 1 });
  assert.ok(all.length > 2 && all.every((attempt) => attempt.serviceSid === sid));
  const asked = { verifyServiceSid: sid, channel: "sms", channelDataTo: ADA, dateCreatedAfter: new Date("2026-01-01") };
  const found = await client.verify.v2.verificationAttempts.list(asked);
  assert.equal(found.length, 1);
  const attempt = await client.verify.v2.verificationAttempts(found.at(-1).sid).fetch();
  assert.deepEqual([attempt.channel, attempt.conversionStatus, attempt.channelData.to], ["sms", "converted", ADA]);
  const summary = await client.verify.v2.verificationAttemptsSummary().fetch({ verifyServiceSid: sid });
  assert.equal(summary.totalAttempts, summary.totalConverted + summary.totalUnconverted);
}

async function lookups(client) {
  const found = await client.lookups.v2.phoneNumbers("+447400123456").fetch();
  assert.deepEqual([found.valid, found.countryCode, found.nationalFormat], [true, "GB", "07400 123456"]);
  const asked = { fields: "line_type_intelligence,sim_swap", countryCode: "GB" };
  const other = await client.lookups.v2.phoneNumbers("07400123456").fetch(asked);
  assert.deepEqual([other.phoneNumber, other.lineTypeIntelligence], ["+447400123456", null]);
}

async function letIn() {
  const elsewhere = { httpClient: new Elsewhere() };
  for (const client of [
    twilio(ACCOUNT_SID, AUTH_TOKEN, elsewhere),
    twilio(KEY_SID, KEY_SECRET, { accountSid: ACCOUNT_SID, ...elsewhere }),
    pointed(twilio(KEY_SID, KEY_SECRET, { accountSid: ACCOUNT_SID })),
  ]) {
    assert.ok((await client.verify.v2.services.list()).length > 0);
  }
  const stranger = pointed(twilio(ACCOUNT_SID, "another-token-0123456789"));
  await refused(401, 20003, () => stranger.verify.v2.services.create({ friendlyName: "x" }));
}

async function main() {
  const client = pointed(twilio(ACCOUNT_SID, AUTH_TOKEN));
  await letIn();
  const sid = await services(client);
  await verifications(client, sid);
  await everything(client);
  await limits(client);
  await attempts(client, sid);
  await lookups(client);
  console.log("every call did what it does at Twilio");
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
