// Opens pages of `report --html` as people do, and tells all that is wrong with them.
//
//   node check.mjs [--screenshots DIRECTORY] CHROMIUM PAGE…
//
// Each page is looked at on a desktop in light, on a phone in dark, and as it is printed. It must not be wider
// than the screen, must ask for nothing beyond itself, and has to pass axe-core. The result is one object of JSON.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { Chromium } from "./chromium.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Each width and each scheme once: what is wrong in a scheme, contrast, does not depend on the width. */
const VIEWS = [
  { name: "desktop", width: 1280, height: 900, mobile: false, scheme: "light" },
  { name: "phone", width: 375, height: 812, mobile: true, scheme: "dark" },
];

/** What axe-core finds, in lines. */
const RUN_AXE = `axe.run(document, { resultTypes: ["violations"] }).then((result) => result.violations.flatMap(
  (violation) => violation.nodes.map((node) => violation.id + ": " + node.target.join(" ") + ": " + node.failureSummary)
))`;

/** The elements that stick out of the window, but for those in a box that scrolls. */
const WIDER = `(() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  const wide = [...document.querySelectorAll("body *")].filter((element) =>
    !element.closest(".scrolled") && element.getBoundingClientRect().right > room + 0.5);
  return ["the page is " + document.documentElement.scrollWidth + " wide"].concat(
    wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 120)));
})()`;

/** What is folded though the page is printed, and dark colours on paper. */
const UNPRINTED = `(() => {
  const folded = [...document.querySelectorAll("details")].filter((details) =>
    [...details.children].some((child) => child.tagName !== "SUMMARY" && !child.checkVisibility()));
  const back = getComputedStyle(document.body).backgroundColor;
  return folded.map((details) => "folded: " + details.outerHTML.slice(0, 120))
    .concat(back === "rgb(255, 255, 255)" ? [] : ["printed on " + back]);
})()`;

async function look(chromium, page, directory) {
  const url = pathToFileURL(resolve(page)).href;
  const found = [];
  const noted = (method, params) => {
    if (method === "Network.requestWillBeSent" && params.request.url !== url) found.push(`asks for ${params.request.url}`);
    if (method === "Log.entryAdded") found.push(`console: ${params.entry.text}`);
    if (method === "Runtime.exceptionThrown") found.push(`script: ${params.exceptionDetails.text}`);
    if (method === "Page.javascriptDialogOpening") found.push("a script of the page runs");
  };
  chromium.listeners.push(noted);
  const loaded = chromium.event("Page.loadEventFired");
  await chromium.send("Page.navigate", { url });
  await loaded;
  const scripts = await chromium.evaluate("document.scripts.length");
  if (scripts !== 0) found.push(`${scripts} scripts`);
  await chromium.evaluate(AXE);
  for (const { name, width, height, mobile, scheme } of VIEWS) {
    await chromium.send("Emulation.setDeviceMetricsOverride", { width, height, mobile, deviceScaleFactor: 1 });
    await chromium.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
    const wrong = [...(await chromium.evaluate(WIDER)), ...(await chromium.evaluate(RUN_AXE))];
    found.push(...wrong.map((what) => `${name}, ${scheme}: ${what}`));
    if (directory) {
      const { data } = await chromium.send("Page.captureScreenshot", { format: "png" });
      writeFileSync(join(directory, `${basename(page, ".html")}-${name}-${scheme}.png`), Buffer.from(data, "base64"));
    }
  }
  await chromium.send("Emulation.setEmulatedMedia", {
    media: "print", features: [{ name: "prefers-color-scheme", value: "dark" }],
  });
  found.push(...(await chromium.evaluate(UNPRINTED)));
  const { data } = await chromium.send("Page.printToPDF", { printBackground: true });
  if (Buffer.from(data, "base64").subarray(0, 5).toString() !== "%PDF-") found.push("it cannot be printed");
  await chromium.send("Emulation.setEmulatedMedia", {});
  chromium.listeners = chromium.listeners.filter((listener) => listener !== noted);
  return found;
}

const words = process.argv.slice(2);
let directory;
if (words[0] === "--screenshots") {
  directory = words[1];
  mkdirSync(directory, { recursive: true });
  words.splice(0, 2);
}
const [program, ...pages] = words;
const chromium = await Chromium.start(program);
const result = {};
try {
  for (const domain of ["Page", "Network", "Log", "Runtime"]) await chromium.send(`${domain}.enable`);
  for (const page of pages) result[page] = await look(chromium, page, directory);
} finally {
  await chromium.stop();
}
console.log(JSON.stringify(result, null, 1));
