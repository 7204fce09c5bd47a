// What the lab's policy (lab/README.md) has and Haraka's own plugins have not:
// users, aliases, a refused sender, mailboxes. Haraka speaks for itself wherever
// it has a reply of its own.
const fs = require('node:fs')
const path = require('node:path')
const { Address } = require('address-rfc2821')

const MAILBOXES = ['alice', 'bob', 'theboss']

exports.register = function () {
  this.outbound = this.haraka_require('outbound')
  this.lab = this.config.get('lab.ini').main
  this.hosts = this.config.get('host_list', 'list')
  this.aliases = new Map(this.config.get('aliases', 'list').map((line) => {
    const [name, targets] = line.split(':')
    return [name, targets.split(',').map((target) => target.trim())]
  }))
}

exports.hook_connect_init = function (next, connection) {
  // Haraka knows a port for submission by its number.
  const standsFor = { mta: 25, submission: 587, submissions: 465 }
  for (const [listener, port] of Object.entries(standsFor)) {
    if (connection.local.port == this.lab[listener]) {
      connection.set('local.port', port)
      break
    }
  }
  // Our clients stand for strangers; to one on loopback Haraka would offer AUTH
  // without TLS.
  connection.set('remote.is_local', false)
  connection.set('remote.is_private', false)
  next()
}

// No resolver is asked: nobody's address has a name.
exports.hook_lookup_rdns = (next) => next(OK, 'NXDOMAIN')

// One source is barred.
exports.hook_connect = (next, connection) => {
  if (connection.remote.ip === '127.0.0.8') return next(DENY, 'Barred')
  next()
}

exports.hook_mail = (next, connection, [sender]) => {
  if (sender.address() === 'unwanted@client.example.net') {
    return next(DENY, 'This sender is not welcome')
  }
  next()
}

// The local part without quoting (RFC 5321 section 4.1.2: both forms are equal),
// in lower case.
function name_of(address) {
  return address.user.replace(/^"(.*)"$/s, '$1').replace(/\\(.)/gs, '$1')
    .toLowerCase()
}

exports.is_local = function (address) {
  return !address.host || this.hosts.includes(address.host)
}

// The mailboxes and foreign addresses behind a name, or undefined.
exports.targets_of = function (name) {
  const mailbox = name.replace(/\+.*/s, '')
  if (MAILBOXES.includes(mailbox)) return [mailbox]
  return this.aliases.get(name)
}

// That a host is ours says rcpt_to.in_host_list; who lives there is said here.
// Postmaster may come without a host (RFC 5321 section 4.5.1). The answer comes
// later, as that of a site's data base would.
exports.hook_rcpt = function (next, connection, [recipient]) {
  setImmediate(() => next(...this.verdict_on(recipient)))
}

exports.verdict_on = function (recipient) {
  if (!this.is_local(recipient)) return []
  const name = name_of(recipient)
  if (name === 'gone') {
    return [DENY, 'Has moved to away@foreign.example.net']
  }
  if (!this.targets_of(name)) return [DENY, 'No such user here']
  return recipient.host ? [] : [OK]
}

// Local recipients' mail goes to their maildirs, the rest to Haraka's queue.
exports.hook_queue = exports.hook_queue_outbound = function (next, connection) {
  const { transaction } = connection
  const mailboxes = new Set()
  const foreign = []
  for (const recipient of transaction.rcpt_to) {
    if (!this.is_local(recipient)) {
      foreign.push(recipient)
      continue
    }
    for (const target of this.targets_of(name_of(recipient)) ?? []) {
      if (MAILBOXES.includes(target)) mailboxes.add(target)
      else if (target.includes('@')) foreign.push(new Address(`<${target}>`))
    }
  }
  this.deliver(transaction, [...mailboxes], (error) => {
    if (error) return next(DENYSOFT, 'Cannot write to the mailbox')
    if (!foreign.length) return next(OK)
    transaction.rcpt_to = foreign
    this.outbound.send_trans_email(transaction, next)
  })
}

exports.deliver = function (transaction, mailboxes, done) {
  if (!mailboxes.length) return done()
  const [first, ...others] = mailboxes.map((mailbox) => {
    const maildir = path.join(this.lab.home, mailbox, 'Maildir')
    for (const folder of ['tmp', 'new', 'cur']) {
      fs.mkdirSync(path.join(maildir, folder), { recursive: true })
    }
    return maildir
  })
  const file = path.join(first, 'tmp', transaction.uuid)
  const stream = fs.createWriteStream(file)
  stream.once('error', done)
  stream.once('close', () => {
    if (stream.errored) return
    for (const maildir of others) {
      fs.copyFileSync(file, path.join(maildir, 'new', transaction.uuid))
    }
    fs.renameSync(file, path.join(first, 'new', transaction.uuid))
    done()
  })
  stream.write(`Return-Path: ${transaction.mail_from.format()}\n`)
  transaction.message_stream.pipe(stream, { line_endings: '\n' })
}
