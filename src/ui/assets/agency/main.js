// The agency's page.

import { t } from "../lib/i18n.js";
import { Frame, mount } from "../lib/page.js";
import { html } from "../lib/preact.js";

mount(() => html`<${Frame} title=${t("start.agency")} />`, t("start.agency"));
