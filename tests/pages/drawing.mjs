// What a camera films and what somebody photographs: codes and parts of screens, as grey pictures or as PNG, and the file
// that Chromium's fake camera reads.

const WIDTH = 1280;
const HEIGHT = 720;
const HEADER = `YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420mpeg2\n`;
const FRAME = "FRAME\n";

/** Where the luminance of the film's only frame begins. */
export const START = HEADER.length + FRAME.length;

/** Nothing before the camera. */
export const blank = () => Buffer.alloc(WIDTH * HEIGHT, 0x77);

/** A picture's luminance as a film of one frame (YUV4MPEG2, ten a second). */
export const film = (grey) =>
  Buffer.concat([Buffer.from(HEADER), Buffer.from(FRAME), grey, Buffer.alloc((WIDTH * HEIGHT) / 2, 128)]);

/** How things stand before a camera: the part of the picture's height or width that they fill, turned and soft. */
const CODE = { width: WIDTH, height: HEIGHT, ground: "#777", turn: 0, blur: 0 };
const SCREEN = { ...CODE, turn: 0.05, blur: 0.4 };
const PHOTO = { width: 1200, height: 900, ground: "#8a8d90", turn: 0.09, blur: 0.6, colour: true };

/** The luminance of a code, given as SVG. */
export const greyCode = async (page, svg, part) => bytes(await page.evaluate(draw, { ...CODE, image: svgUrl(svg), part }));
/** The luminance of a part of a screen, given as PNG. */
export const greyScreen = async (page, png, part) => bytes(await page.evaluate(draw, { ...SCREEN, image: pngUrl(png), part }));
/** A photograph of a code as PNG. */
export const photograph = async (page, svg, part) => bytes(await page.evaluate(draw, { ...PHOTO, image: svgUrl(svg), part }));

const bytes = (base64) => Buffer.from(base64, "base64");
const svgUrl = (svg) => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
const pngUrl = (png) => `data:image/png;base64,${png.toString("base64")}`;

/* Runs in the page. */
async function draw({ image: address, width, height, part, ground, turn, blur, colour }) {
  const image = Object.assign(new Image(), { src: address });
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.fillStyle = ground;
  context.fillRect(0, 0, width, height);
  context.translate(width / 2, height / 2);
  context.rotate(turn);
  if (blur > 0) context.filter = `blur(${blur}px)`;
  const scale = Math.min(width / image.width, height / image.height) * part;
  const [wide, high] = [image.width * scale, image.height * scale];
  context.drawImage(image, -wide / 2, -high / 2, wide, high);
  if (colour) return canvas.toDataURL("image/png").split(",")[1];
  const { data } = context.getImageData(0, 0, width, height);
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i += 1) grey[i] = (data[i * 4] * 3 + data[i * 4 + 1] * 6 + data[i * 4 + 2]) / 10;
  let text = "";
  for (let i = 0; i < grey.length; i += 32768) text += String.fromCharCode(...grey.subarray(i, i + 32768));
  return btoa(text);
}

/** What is seen of a screen when something on it is filmed: it and a little around it. */
export function around({ x, y, width, height }, screen) {
  const margin = Math.max(width, height) * 0.08;
  const [left, top] = [Math.max(0, x - margin), Math.max(0, y - margin)];
  return {
    x: left,
    y: top,
    width: Math.min(screen.width, x + width + margin) - left,
    height: Math.min(screen.height, y + height + margin) - top,
  };
}
