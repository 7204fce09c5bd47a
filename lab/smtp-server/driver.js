// A mail server of the library smtp-server, for the lab: the policy and the
// deliveries are ours, all other replies are the library's. What is not set
// here has the library's default: no SIZE, DSN or ENHANCEDSTATUSCODES.
//
// driver.js RUN ALIASES UID SINK_PORT MTA SUBMISSION SUBMISSIONS
'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const nodemailer = require('nodemailer');
const { SMTPServer } = require('smtp-server');

const [run, aliasFile] = process.argv.slice(2, 4);
const [uid, sinkPort, ...ports] = process.argv.slice(4).map(Number);
const host = 'mx.example.test';
const domains = ['example.test', host, 'localhost'];
const mailboxes = ['alice', 'bob', 'theboss'];
const aliases = readAliases();
// Mail waits here, where it has many recipients: the sink refuses a host that
// opens many connections at once, and nothing is sent again.
const sink = nodemailer.createTransport(
  { host: '127.0.0.1', port: sinkPort, name: host, ignoreTLS: true, pool: true,
    maxConnections: 8 });

function log(text) {
  fs.appendFileSync(`${run}/log/driver.log`, `${text}\n`);
}

function readAliases() {
  const lines = fs.readFileSync(aliasFile, 'utf8').matchAll(/^(\w+): (.+)$/gm);
  return new Map([...lines].map(
    ([, name, targets]) => [name, targets.split(', ')]));
}

function refusal(responseCode, text) {
  return Object.assign(new Error(text), { responseCode });
}

// The local part as it is meant, without quotes; null for a foreign address.
function localPart(address, session) {
  const [local, domain = domains[0]] = address.split('@');
  const isOurs = domains.includes(domain.toLowerCase()) ||
    domain === `[${session.localAddress}]`;
  if (!isOurs) return null;
  const quoted = local.match(/^"(.*)"$/);
  return (quoted ? quoted[1].replace(/\\(.)/g, '$1') : local).toLowerCase();
}

// Where mail to an address goes: names of mailboxes, and foreign addresses.
function targetsOf(address, session) {
  const local = localPart(address, session);
  if (local === null) return [address];
  return (aliases.get(local) || [local.replace(/\+.*/, '')])
    .filter(target => target.includes('@') || mailboxes.includes(target));
}

// AUTH is offered under TLS only: the library would list it before, too.
function onConnect(session, callback) {
  session.disabledCommands = session.secure ? [] : ['AUTH'];
  const isBarred = session.remoteAddress === '127.0.0.8';
  callback(isBarred ? refusal(554, 'Client host refused') : null);
}

function onSecure(socket, session, callback) {
  session.disabledCommands = [];
  callback();
}

function onAuth({ username, password, authzid }, session, callback) {
  const isAlice = username === 'alice' && password === 'secret' &&
    (!authzid || authzid === username);
  callback(null, isAlice ? { user: username } : {});
}

function onMailFrom({ address }, session, callback) {
  // RFC 3207 section 4. Under TLS the library itself asks for AUTH.
  if (session.localPort === ports[1] && !session.secure) {
    return callback(refusal(530, 'Must issue a STARTTLS command first'));
  }
  const isUnwanted = address.toLowerCase() === 'unwanted@client.example.net';
  callback(isUnwanted ? refusal(550, 'Sender refused') : null);
}

function onRcptTo({ address }, session, callback) {
  const isForeign = localPart(address, session) === null;
  const mayRelay = session.user || session.remoteAddress === '127.0.0.9';
  if (isForeign && !mayRelay) {
    return callback(refusal(550, 'Relaying denied'));
  }
  const isKnown = targetsOf(address, session).length > 0;
  callback(isKnown ? null : refusal(550, 'No such user here'));
}

function onData(stream, session, callback) {
  const chunks = [];
  stream.on('data', chunk => chunks.push(chunk));
  stream.on('error', () => {});  // the client went away
  stream.on('end', () => {
    const message = Buffer.concat(chunks);
    const header = message.toString('latin1').split('\r\n\r\n', 1)[0];
    // RFC 5321 section 6.3: at least 100 are normal.
    if ((header.match(/^Received:/gim) || []).length > 100) {
      return callback(refusal(554, 'Too many Received fields'));
    }
    try {
      deliver(message, session);
      callback();
    } catch (error) {
      log(error.stack);
      callback(refusal(451, 'Cannot deliver'));
    }
  });
}

function deliver(message, session) {
  const { mailFrom: { address: from }, rcptTo } = session.envelope;
  const id = crypto.randomUUID();
  const mail = Buffer.concat([Buffer.from(traceOf(session, id)), message]);
  const targets = rcptTo.flatMap(({ address }) => targetsOf(address, session));
  for (const target of new Set(targets)) {
    if (target.includes('@')) {
      sendOn(mail, from, target);
    } else {
      const returnPath = Buffer.from(`Return-Path: <${from}>\r\n`);
      store(Buffer.concat([returnPath, mail]), target, id);
    }
  }
  for (const { address } of rcptTo) {
    for (const target of lostMembers(address, session)) {
      report(mail, from, target, '550 No such user here');
    }
  }
}

// What is behind an alias and nowhere: crew has such a member.
function lostMembers(address, session) {
  return (aliases.get(localPart(address, session)) || [])
    .filter(target => !target.includes('@') && !mailboxes.includes(target))
    .map(target => `${target}@${domains[0]}`);
}

// RFC 5321 section 4.4; RFC 6531 section 4.3 for the protocol's name, RFC 8314
// section 4.3 for the cipher suite's.
function traceOf(session, id) {
  const type = session.transmissionType;
  const protocol = session.envelope.smtpUtf8 ?
    type.replace('ESMTP', 'UTF8SMTP') : type;
  const { standardName: suite } = session.tlsOptions || {};
  const tls = suite ? `\r\n\ttls ${suite}` : '';
  const date = new Date().toUTCString().replace('GMT', '+0000');
  return `Received: from ${session.hostNameAppearsAs}` +
    ` ([${session.remoteAddress}])\r\n` +
    `\tby ${host} with ${protocol} id ${id}${tls};\r\n\t${date}\r\n`;
}

function store(mail, user, id) {
  const folder = `${run}/home/${user}/Maildir`;
  for (const name of ['tmp', 'new', 'cur']) {
    fs.mkdirSync(`${folder}/${name}`, { recursive: true, mode: 0o700 });
  }
  fs.writeFileSync(`${folder}/tmp/${id}`, mail);
  fs.renameSync(`${folder}/tmp/${id}`, `${folder}/new/${id}`);
}

// One try: there is no queue here. Who is refused for good is reported.
function sendOn(raw, from, to) {
  sink.sendMail({ envelope: { from, to }, raw }, error => {
    if (!error) return;
    log(`to ${to}: ${error.message}`);
    if (error.responseCode >= 500) report(raw, from, to, error.response);
  });
}

// A report of failure (RFC 3464) with the header of the mail.
function report(mail, from, recipient, reply) {
  if (!from) return;
  const part = type => `--report-of-failure\r\nContent-Type: ${type}\r\n\r\n`;
  const header = `From: MAILER-DAEMON@${host}\r\nTo: ${from}\r\n` +
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}\r\n` +
    `Message-ID: <${crypto.randomUUID()}@${host}>\r\n` +
    'Subject: Not delivered\r\nAuto-Submitted: auto-replied\r\n' +
    'MIME-Version: 1.0\r\nContent-Type: multipart/report;\r\n\t' +
    'report-type=delivery-status; boundary="report-of-failure"\r\n\r\n';
  const status = `Reporting-MTA: dns; ${host}\r\n\r\n` +
    `Final-Recipient: rfc822; ${recipient}\r\n` +
    'Action: failed\r\nStatus: 5.0.0\r\n\r\n';
  const text = `Not delivered: <${recipient}>:\r\n  ${reply}\r\n\r\n`;
  const raw = Buffer.concat([
    Buffer.from(header + part('text/plain') + text +
      part('message/delivery-status') + status + part('text/rfc822-headers')),
    mail.subarray(0, mail.indexOf('\r\n\r\n')),
    Buffer.from('\r\n\r\n--report-of-failure--\r\n')]);
  sink.sendMail({ envelope: { from: '', to: from }, raw },
    error => error && log(`report to ${from}: ${error.message}`));
}

const common = {
  name: host,
  key: fs.readFileSync(`${run}/key.pem`),
  cert: fs.readFileSync(`${run}/cert.pem`),
  disableReverseLookup: true,  // nothing asks the resolver of the machine
  // A suite says more than 10 commands before AUTH; 421 would end its tests.
  maxAllowedUnauthenticatedCommands: false,
  onConnect, onSecure, onAuth, onMailFrom, onRcptTo, onData,
};

let waiting = ports.length;
[{ authOptional: true }, {}, { secure: true }].forEach((options, i) => {
  const server = new SMTPServer({ ...common, ...options });
  server.on('error', error => log(`${error.code}: ${error.message}`));
  server.listen(ports[i], '127.0.0.1', () => {
    if (--waiting) return;
    process.setgroups([]);
    process.setgid(uid);
    process.setuid(uid);
    log('daemon started');
  });
});
