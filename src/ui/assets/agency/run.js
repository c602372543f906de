// One run over a file's rows: chunk by chunk through the batch interface, each row under its own key, so that a run that was
// stopped, or that lost the network, goes on where it was by starting again.

import { Problem, post } from "../lib/api.js";
import { lang, t } from "../lib/i18n.js";

/** Rows of one call. */
const CHUNK = 100;
/** How often a chunk is tried anew when the server cannot be reached. */
const TRIES = 4;

/** Starts; `onChange` hears the state after each chunk. Returns how to stop. */
export function start({ type, rows, mapping, dryRun, onChange }) {
  const state = {
    total: rows.length,
    done: 0,
    accepted: 0,
    again: 0,
    pending: 0,
    refused: [],
    dryRun,
    from: performance.now(),
    now: performance.now(),
    ended: false,
    error: null,
  };
  let stopped = false;
  const tell = () => {
    state.now = performance.now();
    onChange(state);
  };
  const run = async () => {
    tell();
    for (let at = 0; at < rows.length && !stopped; at += CHUNK) {
      const chunk = rows.slice(at, at + CHUNK);
      try {
        note(state, chunk, await send(type, chunk, mapping, dryRun, () => stopped));
      } catch (error) {
        state.error = error;
        break;
      }
      tell();
    }
    state.ended = true;
    tell();
  };
  void run();
  return { stop: () => (stopped = true) };
}

async function send(type, chunk, mapping, dryRun, stopped) {
  const whole = chunk.filter((row) => !row.problem);
  if (whole.length === 0) return new Map();
  const body = { type, dryRun, rows: whole.map((row) => cells(row, mapping)) };
  for (let tried = 1; ; tried += 1) {
    try {
      const answer = await post("/api/credentials/batch", body, { timeout: 120000 });
      return new Map(answer.rows.map((result, i) => [whole[i], result]));
    } catch (error) {
      if (!(error instanceof Problem) || ![0, 429, 503].includes(error.status) || tried >= TRIES || stopped())
        throw error;
      await new Promise((done) => setTimeout(done, 1000 * tried));
    }
  }
}

function cells(row, mapping) {
  const out = { rowKey: row.key };
  for (const [name, value] of Object.entries(row.cells)) {
    if (mapping[name]) out[mapping[name]] = value;
  }
  return out;
}

function note(state, chunk, results) {
  for (const row of chunk) {
    const result = results.get(row);
    const problem = row.problem ?? result?.problem;
    state.done += 1;
    if (problem) state.refused.push({ row, problem });
    else state.accepted += 1;
    if (result?.again) state.again += 1;
    if (result?.pending) state.pending += 1;
  }
}

/** The first reason of a refused row for people: `{field, message}`. */
export function firstFault({ problem }) {
  const first = problem.reasons?.[0];
  const say = (one) => (lang === "en" ? one.en : one.zh) ?? one.zh;
  const more = (problem.reasons?.length ?? 0) > 1 ? t("batch.more", { n: problem.reasons.length - 1 }) : "";
  return { field: first?.field ?? "", message: `${say(first ?? problem) ?? t("error.unknown")}${more}` };
}
