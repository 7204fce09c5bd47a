// A mail server of the library smtp-server, for the lab: the policy and the
// deliveries are ours, all other replies are the library's. What is not set
// here has the library's default; so there is no SIZE, DSN or
// ENHANCEDSTATUSCODES.
//
// driver.js RUN ALIASES UID SINK_PORT MTA SUBMISSION SUBMISSIONS
'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const nodemailer = require('nodemailer');
const { SMTPServer } = require('smtp-server');

const [run, aliasFile, uid, sinkPort, ...ports] = process.argv.slice(2);
const host = 'mx.example.test';
const domains = ['example.test', host, 'localhost'];
const mailboxes = ['alice', 'bob', 'theboss'];
const aliases = readAliases();
const sink = nodemailer.createTransport({
  host: '127.0.0.1', port: Number(sinkPort), name: host, ignoreTLS: true,
});

function log(text) {
  fs.appendFileSync(`${run}/log/driver.log`, `${text}\n`);
}

function readAliases() {
  const found = new Map();
  for (const line of fs.readFileSync(aliasFile, 'utf8').split('\n')) {
    const [, name, targets] = line.match(/^([^#\s:]+):\s*(.+)$/) || [];
    if (name) found.set(name, targets.split(/,\s*/));
  }
  return found;
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

function isKnown(local) {
  return mailboxes.includes(local.replace(/\+.*/, '')) || aliases.has(local);
}

// Where mail to an address goes: names of mailboxes, and foreign addresses.
function targetsOf(address, session) {
  const local = localPart(address, session);
  if (local === null) return [address];
  return (aliases.get(local) || [local.replace(/\+.*/, '')])
    .filter(target => target.includes('@') || mailboxes.includes(target));
}

function onMailFrom({ address }, session, callback) {
  if (address.toLowerCase() === 'unwanted@client.example.net') {
    return callback(refusal(550, 'Sender refused'));
  }
  callback();
}

// RFC 3207 section 4; the library itself asks for AUTH under TLS.
function onMailToSubmit(mail, session, callback) {
  if (!session.secure) {
    return callback(refusal(530, 'Must issue a STARTTLS command first'));
  }
  onMailFrom(mail, session, callback);
}

function onRcptTo({ address }, session, callback) {
  const local = localPart(address, session);
  const mayRelay = session.user || session.remoteAddress === '127.0.0.9';
  if (local === null && !mayRelay) {
    return callback(refusal(550, 'Relaying denied'));
  }
  if (local !== null && !isKnown(local)) {
    return callback(refusal(550, 'No such user here'));
  }
  callback();
}

function onAuth({ username, password, authzid }, session, callback) {
  const isAlice = username === 'alice' && password === 'secret' &&
    (!authzid || authzid === username);
  callback(null, isAlice ? { user: username } : {});
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
    } catch (error) {
      log(error.stack);
      return callback(refusal(451, 'Cannot deliver'));
    }
    callback();
  });
}

function deliver(message, session) {
  const { mailFrom, rcptTo } = session.envelope;
  const id = crypto.randomUUID();
  const mail = Buffer.concat([Buffer.from(traceOf(session, id)), message]);
  const targets = new Set(rcptTo.flatMap(
    ({ address }) => targetsOf(address, session)));
  for (const target of targets) {
    if (target.includes('@')) {
      sendOn(mail, mailFrom.address, target);
    } else {
      const returned = Buffer.from(`Return-Path: <${mailFrom.address}>\r\n`);
      store(Buffer.concat([returned, mail]), target, id);
    }
  }
}

// RFC 5321 section 4.4, and RFC 6531 section 4.3 for the protocol's name.
function traceOf(session, id) {
  const protocol = session.envelope.smtpUtf8 ?
    session.transmissionType.replace('ESMTP', 'UTF8SMTP') :
    session.transmissionType;
  const date = new Date().toUTCString().replace('GMT', '+0000');
  return `Received: from ${session.hostNameAppearsAs}` +
    ` ([${session.remoteAddress}])\r\n` +
    `\tby ${host} with ${protocol} id ${id};\r\n\t${date}\r\n`;
}

function store(mail, user, id) {
  const folder = path.join(run, 'home', user, 'Maildir');
  for (const name of ['tmp', 'new', 'cur']) {
    fs.mkdirSync(path.join(folder, name), { recursive: true, mode: 0o700 });
  }
  fs.writeFileSync(path.join(folder, 'tmp', id), mail);
  fs.renameSync(path.join(folder, 'tmp', id), path.join(folder, 'new', id));
}

// One try: there is no queue here, and no bounce.
function sendOn(raw, from, to) {
  sink.sendMail({ envelope: { from, to }, raw },
    error => error && log(`to ${to}: ${error.message}`));
}

const common = {
  name: host,
  key: fs.readFileSync(`${run}/key.pem`),
  cert: fs.readFileSync(`${run}/cert.pem`),
  disableReverseLookup: true,  // nothing asks the resolver of the machine
  // A suite says more than 10 commands before AUTH; 421 would end its tests.
  maxAllowedUnauthenticatedCommands: false,
  onMailFrom, onRcptTo, onAuth, onData,
};

// AUTH is offered under TLS only: the library would list it before, too.
const authUnderTls = {
  onConnect(session, callback) {
    session.disabledCommands = ['AUTH'];
    callback();
  },
  onSecure(socket, session, callback) {
    session.disabledCommands = undefined;
    callback();
  },
};

const servers = [
  { ...common, ...authUnderTls, authOptional: true },
  { ...common, ...authUnderTls, onMailFrom: onMailToSubmit },
  { ...common, secure: true },
].map(options => new SMTPServer(options));

let waiting = servers.length;
servers.forEach((server, i) => {
  server.on('error', error => log(`${error.code}: ${error.message}`));
  server.listen(Number(ports[i]), '127.0.0.1', () => {
    if (--waiting) return;
    process.setgroups([]);
    process.setgid(Number(uid));
    process.setuid(Number(uid));
    log('daemon started');
  });
});
