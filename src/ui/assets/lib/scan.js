// Reading codes: the camera (with choice, torch and a hint about distance), pictures that are dropped or chosen, and the
// typed 8-digit code. Decoding runs in a worker (zxing), so that the page stays quick.

import { Drop } from "./drop.js";
import { TextField } from "./field.js";
import { t } from "./i18n.js";
import { Icon, Notice } from "./page.js";
import { html, useEffect, useRef, useState } from "./preact.js";
import { spokenCode } from "./wedge.js";

/** Widest picture that a frame of the camera is decoded at. */
const FRAME = 1280;
/** A code narrower than this part of the picture is hard to read. */
const SMALL = 0.18;
const CAMERA = "certless.camera";

let worker = null;
let asked = 0;
const waiting = new Map();

/** The codes in an image: `[{text, width}]`, width as a part of the picture's. */
export function decode(image) {
  worker ??= start();
  asked += 1;
  const id = asked;
  const answer = new Promise((resolve) => waiting.set(id, resolve));
  worker.postMessage({ id, image }, [image.data.buffer]);
  return answer;
}

function start() {
  const made = new Worker(new URL("./scan-worker.js", import.meta.url), { type: "module" });
  made.onmessage = ({ data }) => {
    waiting.get(data.id)?.(data.codes);
    waiting.delete(data.id);
  };
  made.onerror = () => {
    for (const resolve of waiting.values()) resolve([]);
    waiting.clear();
  };
  return made;
}

/** Loads the decoder before the first code is shown. */
export function warm() {
  void decode(new ImageData(16, 16));
}

/** The texts of the codes in a picture that somebody dropped or chose. */
export async function readPicture(blob) {
  const bitmap = await createImageBitmap(blob);
  for (const width of [Math.min(bitmap.width, 2400), 1200, 700]) {
    const scale = Math.min(1, width / bitmap.width);
    const codes = await decode(pixels(bitmap, Math.round(bitmap.width * scale), Math.round(bitmap.height * scale)));
    if (codes.length > 0) return codes.map((one) => one.text);
  }
  return [];
}

function pixels(source, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/** The camera's picture with a frame; `onText` hears each code once. `onRefused` hears that there is no camera. */
export function Camera({ onText, onRefused, paused }) {
  const video = useRef(null);
  const [cameras, setCameras] = useState([]);
  const [chosen, setChosen] = useState(localStorage.getItem(CAMERA) ?? "");
  const [used, setUsed] = useState("");
  const [torch, setTorch] = useState(null);
  const [state, setState] = useState("starting");
  const [hint, setHint] = useState("");
  const latest = useRef({});
  latest.current = { onText, paused };

  useEffect(() => {
    let stream;
    let over = false;
    const run = async () => {
      try {
        stream = await open(chosen);
      } catch (error) {
        if (over) return;
        setState("refused");
        onRefused?.(error);
        return;
      }
      if (over) return stop(stream);
      const [track] = stream.getVideoTracks();
      video.current.srcObject = stream;
      await video.current.play().catch(() => {});
      setTorch(track.getCapabilities?.().torch ? false : null);
      setUsed(track.getSettings().deviceId ?? "");
      const devices = await navigator.mediaDevices.enumerateDevices();
      setCameras(devices.filter((one) => one.kind === "videoinput"));
      setState("running");
      void look(video.current, () => over, latest, setHint);
    };
    void run();
    return () => {
      over = true;
      stop(stream);
    };
  }, [chosen]);

  const choose = (id) => {
    localStorage.setItem(CAMERA, id);
    setChosen(id);
  };
  const light = async () => {
    const [track] = video.current.srcObject.getVideoTracks();
    try {
      await track.applyConstraints({ advanced: [{ torch: !torch }] });
      setTorch(!torch);
    } catch {
      setTorch(null); // It has a light that does not obey: nothing to press.
    }
  };
  if (state === "refused") return html`<${Notice} kind="unsure" live>${t("scan.noCamera")}<//>`;
  return html`<div class="camera">
    <div class="view">
      <video ref=${video} muted playsinline aria-label=${t("scan.picture")}></video>
      <span class="frame" aria-hidden="true"></span>
      <p class="hint" role="status">${hint ? t(`scan.${hint}`) : t("scan.aim")}</p>
    </div>
    <div class="row">
      ${
        cameras.length > 1 &&
        html`<label class="row grow"
          ><span class="hidden-text">${t("scan.camera")}</span>
          <select class="input" value=${used} onChange=${(event) => choose(event.target.value)}>
            ${cameras.map((one, i) => html`<option value=${one.deviceId}>${one.label || t("scan.cameraNumber", { n: i + 1 })}</option>`)}
          </select></label
        >`
      }
      ${
        torch !== null &&
        html`<button class="button" type="button" aria-pressed=${String(torch)} onClick=${light}>
          <${Icon} name="torch" />${t("scan.torch")}
        </button>`
      }
    </div>
  </div>`;
}

/** The chosen camera, or the one that looks away from the person where none was chosen or it is gone. */
async function open(deviceId) {
  if (!navigator.mediaDevices) throw new Error("no camera interface");
  const take = (which) =>
    navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { ...which, width: { ideal: 1280 }, height: { ideal: 720 } },
    });
  const any = { facingMode: { ideal: "environment" } };
  if (!deviceId) return take(any);
  // Exactly that one: as a mere wish another camera with a larger picture would take its place.
  return take({ deviceId: { exact: deviceId } }).catch((error) => {
    if (error.name === "OverconstrainedError" || error.name === "NotFoundError") return take(any);
    throw error;
  });
}

function stop(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** Decodes frame after frame until `over()`; a code that is still in the picture is told once. */
async function look(video, over, latest, setHint) {
  let last = "";
  let gone = 0;
  while (!over()) {
    if (latest.current.paused || video.readyState < 2) {
      await pause(60);
      continue;
    }
    const scale = Math.min(1, FRAME / video.videoWidth);
    const codes = await decode(
      pixels(video, Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale)),
    );
    if (over()) return;
    const [code] = codes;
    gone = code ? 0 : gone + 1;
    if (gone > 20) last = "";
    setHint(code && code.width < SMALL ? "closer" : "");
    if (code && code.text !== last) {
      last = code.text;
      latest.current.onText(code.text);
    }
    await pause(15);
  }
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** A place where a picture or text file can be dropped, chosen or pasted. */
export function DropArea({ onText, onWrong }) {
  const take = async (file) => {
    try {
      const texts = file.type.startsWith("image/") ? await readPicture(file) : [await file.text()];
      if (texts.length > 0 && texts[0].trim()) onText(texts[0].trim(), file);
      else onWrong(t("scan.nothing"));
    } catch {
      onWrong(t("scan.nothing"));
    }
  };
  return html`<${Drop} accept="image/*,.json,.txt,.jwt" onFile=${take}><${Icon} name="file" /><span>${t("scan.drop")}</span><//>`;
}

/** The field for an 8-digit code. */
export function SpokenField({ onCode, busy, wrong }) {
  const [text, setText] = useState("");
  const field = useRef(null);
  useEffect(() => field.current?.focus(), []);
  const send = (event) => {
    event.preventDefault();
    const code = spokenCode(text);
    if (code) onCode(code);
  };
  const code = spokenCode(text);
  return html`<form class="stack" onSubmit=${send}>
    <${TextField}
      id="spoken"
      name=${t("spoken.label")}
      hint=${t("spoken.hint")}
      wrong=${wrong}
      at=${field}
      code
      inputmode="numeric"
      autocomplete="off"
      maxlength="12"
      value=${text}
      onText=${setText}
    />
    <button class="button primary" disabled=${!code || busy}>${t("spoken.send")}</button>
  </form>`;
}
