// Signed notes as a person reads them: the checkpoint of the log, its key, the proof of an entry (C2SP signed-note,
// tlog-checkpoint, tlog-proof). Reads only; whoever wants certainty checks the downloaded proof with a tool of their own.

/** A checkpoint `{origin, size, root, signers, text}`; null for something else. */
export function readCheckpoint(text) {
  const parts = /^([^\n]+)\n(\d+)\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*\n((?:— [^\n]+\n)+)$/.exec(text);
  if (!parts) return null;
  const signers = parts[4].trim().split("\n").map((line) => line.split(" ")[1]);
  return { origin: parts[1], size: Number(parts[2]), root: toHex(parts[3]), signers, text };
}

/** A key `{name, id, key}`; null for something else. */
export function readKey(text) {
  const parts = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)\s*$/.exec(text);
  return parts && { name: parts[1], id: parts[2], key: parts[3], text: text.trim() };
}

/** A proof `{index, hashes, checkpoint, text}`; null for something else. */
export function readProof(text) {
  const end = text.indexOf("\n\n");
  const [first, ...lines] = text.slice(0, end).split("\n");
  const checkpoint = end < 0 ? null : readCheckpoint(text.slice(end + 2));
  if (first !== "c2sp.org/tlog-proof@v1" || !checkpoint) return null;
  const index = lines.find((line) => line.startsWith("index "));
  const hashes = lines.filter((line) => /^[A-Za-z0-9+/]{43}=$/.test(line)).map(toHex);
  return index ? { index: Number(index.slice(6)), hashes, checkpoint, text } : null;
}

const toHex = (base64) => [...atob(base64)].map((c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join("");

/** A digest in groups of eight, for comparing by eye. */
export const grouped = (hex) => hex.replace(/.{8}(?=.)/g, "$& ");
