// Decodes pictures off the page's own thread: an image in, the texts of its QR codes out.

import { prepareZXingModule, readBarcodes } from "../vendor/zxing/reader/index.js";

prepareZXingModule({
  overrides: { locateFile: () => new URL("../vendor/zxing/reader.wasm", import.meta.url).href },
  fireImmediately: true,
});

const OPTIONS = { formats: ["QRCode"], tryHarder: true, tryRotate: true, tryInvert: false, maxNumberOfSymbols: 4 };

onmessage = async ({ data: { id, image } }) => {
  let codes = [];
  try {
    const found = await readBarcodes(image, OPTIONS);
    codes = found
      .filter((one) => one.isValid)
      .map((one) => ({ text: one.text, width: widthOf(one.position) / image.width }));
  } catch {
    // No code can be read in this frame; the next one comes.
  }
  postMessage({ id, codes });
};

const widthOf = ({ topLeft, topRight }) => Math.hypot(topRight.x - topLeft.x, topRight.y - topLeft.y);
