// What the seed's tracer does to its file (seed: perfettoTracing.ts), fast: events come, agents register, the oldest half is dropped, and
// each interval the whole document is written anew, in place.
//
//   node rewriting.js write TRACE LOG SESSION   until SIGTERM: closes what is open and writes once more
//                                               SIGUSR2: dies by SIGKILL in the middle of a write
//   node rewriting.js compare LOG OUT           OUT holds just the events that were in a whole document, in their order
//   node rewriting.js cut WHOLE TRACE           TRACE is some part of WHOLE, and then another
//   node rewriting.js events TRACE              those of a document, as such a log
//
// In the log stand, a line each, the events of every document whose write has ended; and `evicted N` for the test to look at.
'use strict'
const fs = require('fs')

const INTERVAL_MS = 100
const MAX_EVENTS = 8000 // some megabytes
const EVENTS_A_TICK = 60
const TICK_MS = 10
const PART_BYTES = 512 * 1024 // of Node's writeFile
// Before its oldest half goes, a document has been there for so many writes and so long: who follows has seen it.
const WRITES_BEFORE = 6
const MS_BEFORE = 800

const parts = ['make test', '"quoted"', 'back\\slash', 'line\n', 'é😀', '\ud83d', '}],[{"ph":"B"', '\u0001', ' ']

function write(path, logPath, session) {
    const metadata = [], events = [], open = []
    const startMs = Date.now()
    let agents = 0, n = 0, logged = 0, loggedMetadata = 0, dropped = 0
    let bytes = 0, writes = 0, evictedMs = startMs, writing = false, whole = false, dying = false
    const log = fs.openSync(logPath, 'a')

    const now = () => (Date.now() - startMs) * 1000
    const random = max => Math.floor(Math.random() * max)
    const event = (agent, ph, name, cat, args) =>
        ({ name, cat, ph, ts: now(), pid: agent, tid: agent * 7919, args })

    function registerAgent() {
        const pid = ++agents
        const add = (name, tid, args) =>
            metadata.push({ name, cat: '__metadata', ph: 'M', ts: 0, pid, tid, args })
        add('process_name', 0, { name: `agent-${pid}` })
        add('thread_name', pid * 7919, { name: `agent-${pid}` })
        if (pid > 1) add('parent_agent', 0, { parent_agent_id: session })
    }

    function pad() {
        let text = ''
        for (let i = random(random(50) === 0 ? 1000 : 80); i > 0; i--) text += parts[random(parts.length)]
        return text
    }

    function happen() {
        const agent = 1 + random(agents)
        if (random(10) === 0) {
            events.push(event(agent, 'i', 'note', 'misc', { n: ++n }))
        } else if (random(2) === 0 || open.length === 0) {
            const begin = event(agent, 'B', `Tool: ${random(3) ? 'Bash' : 'Read'}`, 'tool', { n: ++n, pad: pad() })
            events.push(begin)
            open.push(begin)
        } else {
            const begin = open.splice(random(open.length), 1)[0]
            end(begin, { success: true })
        }
    }

    function end(begin, more) {
        const ts = now()
        events.push({ ...begin, ph: 'E', ts, args: { ...begin.args, ...more, duration_ms: (ts - begin.ts) / 1000 } })
    }

    function evictOldest() {
        if (events.length < MAX_EVENTS || writes < WRITES_BEFORE || Date.now() - evictedMs < MS_BEFORE) return
        const gone = events.splice(0, events.length >> 1)
        events.unshift({
            name: 'trace_truncated', cat: '__metadata', ph: 'i', ts: gone[gone.length - 1].ts, pid: 1, tid: 0,
            args: { dropped_events: gone.length },
        })
        dropped += gone.length - (gone[0].name === 'trace_truncated' ? 1 : 0)
        writes = 0
        evictedMs = Date.now()
        fs.writeSync(log, `evicted ${dropped}\n`)
    }

    const buildDocument = () => JSON.stringify({
        traceEvents: [...metadata, ...events],
        metadata: {
            session_id: session, trace_start_time: new Date(startMs).toISOString(),
            agent_count: agents, total_event_count: metadata.length + events.length,
        },
    })

    // All that were in a whole document by now: `logged` counts those since the beginning, dropped ones among them.
    function note(metadataCount, eventCount) {
        const marker = events.length > 0 && events[0].name === 'trace_truncated' ? 1 : 0
        let lines = ''
        for (; loggedMetadata < metadataCount; loggedMetadata++) lines += JSON.stringify(metadata[loggedMetadata]) + '\n'
        for (; logged < eventCount; logged++) lines += JSON.stringify(events[logged - dropped + marker]) + '\n'
        fs.writeSync(log, lines)
    }

    async function writeDocument() {
        if (writing) return
        writing = true
        whole = false
        // The last write brings much that is new, so that half of it does too.
        for (let i = dying ? MAX_EVENTS : 0; i > 0; i--) happen()
        const text = buildDocument()
        const marker = events.length > 0 && events[0].name === 'trace_truncated' ? 1 : 0
        const counts = [metadata.length, dropped + events.length - marker]
        if (dying) dieWithin(bytes, Buffer.byteLength(text))
        bytes = Buffer.byteLength(text)
        await fs.promises.writeFile(path, text)
        writes++
        whole = true
        note(...counts)
        writing = false
    }

    // Looks between two parts of the write how far it is; the part that is under way may still come.
    function dieWithin(before, bytes) {
        const most = bytes - 2 * PART_BYTES, at = before + random(most - before)
        const look = () => {
            const size = fs.statSync(path).size
            if (size > at && size < most) process.kill(process.pid, 'SIGKILL')
            if (!whole) setImmediate(look)
        }
        setImmediate(look)
    }

    registerAgent()
    setInterval(() => {
        for (let i = 0; i < EVENTS_A_TICK; i++) happen()
        if (random(25) === 0) registerAgent()
    }, TICK_MS)
    setInterval(() => {
        if (!writing) evictOldest()
        void writeDocument()
    }, INTERVAL_MS)
    process.on('SIGUSR2', () => (dying = true))
    process.on('SIGTERM', async () => {
        while (writing) await new Promise(setImmediate)
        for (const begin of open.splice(0)) end(begin, { incomplete: true })
        await writeDocument()
        process.exit(0)
    })
}

const key = e => JSON.stringify([e.ph, e.name, e.cat, e.ts, e.dur, e.pid, e.tid, e.id, e.args])

function compare(logPath, outPath) {
    // A document has U+FFFD for halves of surrogate pairs, which Perfetto refuses.
    const logged = fs.readFileSync(logPath, 'utf8').split('\n').filter(l => l.startsWith('{'))
        .map(l => key(JSON.parse(l)).replace(/(?<![\\])((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g, '$1\ufffd'))
    const known = new Set(logged)
    const out = JSON.parse(fs.readFileSync(outPath, 'utf8')).traceEvents
    // Spans that are open at the end are closed by who records.
    const closed = e => e.ph === 'E' && e.args && e.args.incomplete === true && !known.has(key(e))
    for (const metadata of [true, false]) {
        const is = out.filter(e => (e.ph === 'M') === metadata && !closed(e)).map(key)
        const should = logged.filter(k => k.startsWith('["M"') === metadata)
        // Names of our own may stand among the metadata.
        const wrong = metadata
            ? should.findIndex(k => is.filter(other => other === k).length !== 1)
            : should.length > is.length ? should.findIndex((k, i) => k !== is[i]) : is.findIndex((k, i) => k !== should[i])
        if (wrong >= 0) {
            console.log(`${is.length} of ${should.length}; event ${wrong} is\n${is[wrong]}\nshould be\n${should[wrong]}`)
            process.exit(1)
        }
    }
}

// Cuts a copy of a whole file, time and again, wherever; the first cuts are the worst.
function cut(wholePath, path) {
    const whole = fs.readFileSync(wholePath)
    const worst = [0, 1, whole.length - 1, whole.length - 2, 65536, 4096]
    const timer = setInterval(() => {
        if (worst.length === 0) return clearInterval(timer)
        fs.writeFileSync(path, whole)
        fs.truncateSync(path, worst.shift())
    }, INTERVAL_MS)
    for (let i = 0; i < 8; i++) worst.push(Math.floor(Math.random() * whole.length))
}

function events(path) {
    for (const e of JSON.parse(fs.readFileSync(path, 'utf8')).traceEvents) console.log(JSON.stringify(e))
}

const [command, ...args] = process.argv.slice(2)
;({ write, compare, cut, events })[command](...args)
