// From the clerk's screen to the citizen's on the same machine: what to show, never anything of the clerk's own.

const NAME = "certless.citizen";
const channel = new BroadcastChannel(NAME);
let last = { kind: "idle" };

/** Shows something on the citizen's screen. */
export function tellCitizen(message) {
  last = message;
  channel.postMessage(message);
}

channel.onmessage = ({ data }) => data?.kind === "hello" && channel.postMessage(last);
