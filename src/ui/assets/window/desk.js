// What happens at the window: the state of the one screen and everything that a clerk or a scanner can make of it. Nothing
// here draws.

import { Problem, freshKey, get, post } from "../lib/api.js";
import { prepare } from "../lib/fields.js";
import { label, t } from "../lib/i18n.js";
import { useEffect, useRef, useState } from "../lib/preact.js";
import { normalise, spokenCode } from "../lib/wedge.js";
import { tellCitizen } from "./channel.js";

const EMPTY = {
  mode: "wait",
  matter: null,
  application: null,
  extra: {},
  verdict: null,
  uses: [],
  error: null,
  request: null,
  offers: [],
  offerError: null,
};

/** The application's own requirements, or the matter's before there is an application. */
export function requirements(state) {
  const asked = state.matter?.requirements ?? [];
  const filed = state.application?.requirements ?? [];
  return (filed.length > 0 ? filed : asked).map((one) => ({ ...asked.find((other) => other.id === one.id), ...one }));
}

/** Requirements that neither a credential nor the clerk's own mark meets. */
export const missing = (state) => requirements(state).filter((one) => !one.fulfilled && !state.extra[one.id]);

/** Whether the decision on an application waits for a second person. */
export const awaits = (application) => application?.state === "accepted" && application.secondPerson?.state === "open";

/** The desk: `state` and what can be done. The functions stay the same; they read the newest state. */
export function useDesk() {
  const [state, setState] = useState(EMPTY);
  const now = useRef(state);
  now.current = state;
  const desk = useRef(null);
  desk.current ??= actions(
    () => now.current,
    (change) => {
      now.current = { ...now.current, ...change };
      setState(now.current);
    },
  );
  desk.current.state = state;
  useEffect(() => () => desk.current.close(), []);
  return desk.current;
}

function actions(read, set) {
  let events = null;
  const close = () => {
    events?.close();
    events = null;
  };
  const fail = (error) => set({ mode: "error", error: error instanceof Problem ? error : new Problem(-1, {}) });
  const home = (change = {}) => set({ mode: "wait", verdict: null, error: null, request: null, ...change });

  /** Shows a verdict once the words of its fields are here. */
  const show = async (verdict, change) => {
    await Promise.all((verdict.credentials ?? [verdict.credential]).filter(Boolean).map(prepare)).catch(() => {});
    set({ mode: "verdict", verdict, error: null, request: null, ...change });
    performance.mark("verdict");
  };

  const check = async (text, work) => {
    performance.mark("scan");
    close();
    set({ mode: "checking", verdict: null, error: null, request: null });
    try {
      await work(text);
    } catch (error) {
      fail(error);
    }
  };

  /** A presentation, or the eight digits of one, goes where the desk is: into the case, into a new one, or just checked. */
  const present = async (text) => {
    const { application, matter } = read();
    if (application?.state === "filed") {
      const shown = await post(`/api/applications/${application.id}/presentations`, text);
      return show(shown.verdict, { application: shown.application, uses: shown.uses });
    }
    if (matter && !application) {
      const shown = await post("/api/applications/identify", { matter: matter.code, presentation: text });
      return show(shown.verdict, { uses: shown.uses, ...(shown.application && { application: shown.application }) });
    }
    const verdict = spokenCode(text) ? await post("/api/spoken/redeem", { code: text }) : await looked(text);
    return show(verdict, { uses: verdict.uses ?? [] });
  };

  const openCase = async (number) => {
    const application = await get(`/api/applications/${number}`);
    const matter = await get(`/api/matters/${application.matter.code}`);
    home({ application, matter, extra: {} });
  };

  /** How the case stands now; one that another person decided meanwhile ends here as if it had been decided here. */
  const refresh = async () => {
    const { application } = read();
    if (!application) return;
    const found = await get(`/api/applications/${application.id}`);
    if (read().application?.id !== found.id) return;
    if (awaits(application) && found.state === "granted") return granted(found);
    set({ application: found });
  };

  /** After granting: the results go to the phone, unless the decision waits for a second person. */
  const granted = async (application) => {
    if (awaits(application)) {
      home({ application });
      return tellCitizen({ kind: "waits", matter: application.matter.name, receipt: application.receipt });
    }
    home({ application, mode: "done", offers: [] });
    tellDone(application, []);
    await offer();
  };

  const desk = {
    close,
    /** Whatever came from a scanner, a camera, a picture or the clipboard. */
    scanned: (raw) =>
      check(normalise(raw), async (text) => {
        const receipt = /\/r\/([\w-]{20,64})/.exec(text);
        if (receipt) return openCase((await get(`/r/${receipt[1]}`)).number);
        if (/^\d{6}-\d{8}-\d{6}-[0-9A-Z]$/.test(text)) return openCase(text);
        return present(spokenCode(text) ?? text);
      }),
    wrongPicture: (message) => set({ mode: "error", error: { message, status: 422 } }),

    async choose(code) {
      close();
      try {
        home({ matter: await get(`/api/matters/${code}`), application: null, extra: {} });
        tellCitizen({ kind: "idle" });
      } catch (error) {
        fail(error);
      }
    },
    /** Files for somebody whose name and number were typed. */
    file: (applicant, key) =>
      check(null, async () => {
        const application = await post("/api/applications", { matter: read().matter.code, applicant }, { key });
        home({ application });
      }),
    /** The clerk's own mark on a requirement: `form`, `commitment`, `tolerated`, or none. */
    mark: (id, how) => {
      const { [id]: _, ...rest } = read().extra;
      set({ extra: how ? { ...rest, [id]: how } : rest });
    },

    /** Asks the citizen by a code that their phone reads. */
    request: () =>
      check(null, async () => {
        const { application, matter } = read();
        const body = application ? { application: application.id } : { matter: matter.code, file: true };
        const request = await post("/api/requests", body, { key: freshKey() });
        set({ mode: "request", request: { ...request, state: "waiting" } });
        tellCitizen({
          kind: "request",
          request,
          matter: matter.name,
          materials: missing(read())
            .filter((one) => one.types?.length > 0)
            .map((one) => one.label),
          agency: matter.agencyName,
        });
        events = follow(request.id, answered);
      }),

    async accept() {
      const { application, extra } = read();
      const by = (how) => Object.keys(extra).filter((id) => extra[id] === how);
      try {
        const accepted = await post(`/api/applications/${application.id}/accept`, {
          forms: by("form"),
          commitments: by("commitment"),
          tolerated: by("tolerated"),
        });
        home({ application: accepted, extra: {}, mode: "receipt" });
        tellCitizen({ kind: "receipt", receipt: accepted.receipt, matter: accepted.matter.name });
      } catch (error) {
        fail(error);
      }
    },
    reject: (reason) => step("reject", { reason }),
    refuse: (reason) => step("decide", { decision: "refuse", reason }),
    /** Grants; where the result needs more than the case knows, the form for it opens with what is wrong. */
    async grant(results = {}) {
      try {
        const path = `/api/applications/${read().application.id}/decide`;
        await granted(await post(path, { decision: "grant", results }, { timeout: 30000 }));
      } catch (error) {
        if (error.reasons?.length > 0) set({ mode: "result", error });
        else fail(error);
      }
    },

    /** Offers the results anew, as for a phone that was not at hand. */
    offer: () => offer(),

    camera: () => (close(), set({ mode: read().mode === "camera" ? "wait" : "camera", verdict: null, error: null })),
    typeCode: () => (close(), set({ mode: "code", verdict: null, error: null })),
    receipt: () => {
      const { application } = read();
      if (application?.receipt?.qr) setTimeout(() => print(), 0);
      else if (application && application.state !== "filed") set({ mode: "receipt" });
    },
    back() {
      close();
      const { request, application } = read();
      if (request && request.state !== "answered") post(`/api/requests/${request.id}/cancel`).catch(() => {});
      home(application ? {} : { application: null });
      tellCitizen({ kind: "idle" });
    },
    /** The next person: everything of this one leaves the screen. */
    next() {
      close();
      set({ ...EMPTY });
      tellCitizen({ kind: "idle" });
    },
    refresh,
  };

  /** The results' codes for the applicant's phone; without them the case stays decided, and they can be asked for again. */
  async function offer() {
    const { application } = read();
    if (!application.results?.length) return;
    set({ offers: null, offerError: null });
    try {
      const { offers } = await post(`/api/applications/${application.id}/offers`);
      set({ offers });
      tellDone(application, offers);
    } catch (error) {
      set({ offers: [], offerError: error });
    }
  }

  /** Ends on the citizen's screen: how it was decided, the result's code, the code to rate the service by. */
  const tellDone = ({ state, matter, receipt }, offers) =>
    tellCitizen({ kind: "done", state, matter: matter.name, receipt, codes: offers.map((one) => one.qr) });

  async function step(name, body) {
    try {
      const application = await post(`/api/applications/${read().application.id}/${name}`, body);
      home({ application, mode: "done", offers: [] });
      tellDone(application, []);
    } catch (error) {
      fail(error);
    }
  }

  /** Hears how the request goes on. */
  async function answered(body) {
    const { request, mode } = read();
    if (mode !== "request" || (body.id && body.id !== request.id)) return;
    if (body.state === "opened") set({ request: { ...request, state: "opened" } });
    if (["expired", "declined", "cancelled"].includes(body.state)) {
      close();
      set({
        mode: "error",
        request: null,
        error: { message: label(body.declined) || t(`request.${body.state}`), status: 410 },
      });
      tellCitizen({ kind: "idle" });
    }
    if (body.state !== "answered" || !body.verdict) return;
    performance.mark("scan");
    close();
    tellCitizen({ kind: "received" });
    try {
      if (body.application && !read().application) await openCase(body.application.id ?? body.application);
      await refresh();
      await show(body.verdict, { uses: body.uses ?? [] });
    } catch (error) {
      fail(error);
    }
  }

  return desk;
}

/** A verdict without a case, which is recorded as a use; supervisors who only look have no window to record it for. */
const looked = (text) =>
  post("/api/uses", text).catch((error) => {
    if (error.status !== 403) throw error;
    return post("/verify", text);
  });

/** Follows a request by server-sent events; asks every two seconds where a proxy swallows them. */
function follow(id, answered) {
  const source = new EventSource(`/api/requests/${id}/events`);
  const tell = (event) => {
    try {
      void answered(JSON.parse(event.data));
    } catch {
      // Not a message of ours.
    }
  };
  source.addEventListener("state", tell);
  const timer = setInterval(() => get(`/api/requests/${id}`).then(answered, () => {}), 2000);
  return {
    close() {
      source.close();
      clearInterval(timer);
    },
  };
}
