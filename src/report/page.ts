/** The report as a page: one HTML file that is whole by itself but for the videos beside it, which it links to. Pure. */

import { type Html, html } from './html.ts';

export interface ReportPage {
  readonly title: string;
  /** What it is about: totals, dates. */
  readonly notes: readonly string[];
  readonly sections: readonly ReportSection[];
}

/** A scene of a film, or one of the requests of a set of jobs. */
export interface ReportSection {
  readonly heading: string;
  readonly state?: string;
  readonly notes: readonly string[];
  /** Side by side. */
  readonly takes: readonly ReportTake[];
}

export interface ReportTake {
  readonly label: string;
  readonly state?: string;
  /** Of the video, relative to the page, as `relativeUrl` makes it; absent where it is not here. */
  readonly href?: string;
  /** Frames of the video as data URLs of JPEG, in order; the page needs no other picture of it. */
  readonly frames: readonly string[];
  /** What is written on a line each: length, price, model. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** As it was sent. */
  readonly prompt?: string;
  /** To be copied. */
  readonly command?: string;
  readonly remarks: readonly string[];
  /** What it was given to begin with, as data URLs. */
  readonly given: readonly string[];
  /** Who was to appear, and the best frames of the clip that each is known by, as data URLs. */
  readonly characters: readonly { readonly name: string; readonly frames: readonly string[] }[];
}

const CSP = [
  "default-src 'none'",
  'img-src data:',
  "media-src 'self' file:",
  "style-src 'unsafe-inline'",
  "script-src 'unsafe-inline'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The whole file. Whatever text is in it stays text. */
export function renderPage({ title, notes, sections }: ReportPage): string {
  const body = html`<header><h1>${title}</h1>${notes.map((note) => html`<p>${note}</p>`)}
<p class="keys"><kbd>j</kbd> next, <kbd>k</kbd> previous, <kbd>space</kbd> plays</p></header>
<main>${sections.map(sectionOf)}</main>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${CSP}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
${html`<title>${title}</title>`}
<style>${STYLE}</style></head>
<body>${body}
<script>${SCRIPT}</script>
</body></html>
`;
}

function sectionOf({ heading, state, notes, takes }: ReportSection): Html {
  return html`<section><h2>${heading}${state !== undefined && html` <span class="state">${state}</span>`}</h2>
${notes.map((note) => html`<p>${note}</p>`)}<div class="takes">${takes.map(takeOf)}</div></section>
`;
}

function takeOf(take: ReportTake): Html {
  const { label, state, href, frames, facts, prompt, command, remarks } = take;
  const poster = frames[Math.floor(frames.length / 2)];
  const picture = href
    ? html`<video controls playsinline preload="none"${poster !== undefined && html` poster="${poster}"`} src="${href}"></video>`
    : html`<p class="absent">The video is not here.</p>`;
  return html`<article tabindex="-1"><h3>${label}${state !== undefined && html` <span class="state">${state}</span>`}</h3>
${picture}
${remarks.length > 0 && html`<ul class="remarks">${remarks.map((remark) => html`<li>${remark}</li>`)}</ul>`}
<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
${prompt !== undefined && html`<blockquote>${prompt}</blockquote>`}
${command !== undefined && html`<p class="command"><code>${command}</code> <button type="button">Copy</button></p>`}
${framesOf(take)}</article>
`;
}

/** Each character, and the picture that it began with, beside the frames of the video. */
function framesOf({ characters, given, frames }: ReportTake): Html | undefined {
  if (frames.length + given.length === 0) return undefined;
  const row = (name: string, pictures: readonly string[]): Html =>
    html`<figure><figcaption>${name}</figcaption>${pictures.map((url) => html`<img alt="" src="${url}">`)}</figure>`;
  const known = [...characters, { name: 'first picture', frames: given }, { name: 'in the video', frames }];
  const shown = known.filter((one) => one.frames.length > 0);
  return html`<div class="frames">${shown.map((one) => row(one.name, one.frames))}</div>`;
}

const STYLE = `
:root{color-scheme:light dark;--ground:light-dark(#f6f5f2,#17181b);--card:light-dark(#fff,#222429);--ink:light-dark(#1d1e22,#ececea);--quiet:light-dark(#5d6069,#a2a5ae);--edge:light-dark(#d9d7d0,#3a3c43);--mark:light-dark(#8a5a00,#ffc454);--focus:light-dark(#1a5fb4,#8ab8ff)}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
header,main{max-width:1600px;margin:0 auto;padding:0 1rem}
h1{font-size:1.7rem;line-height:1.2;margin:1.5rem 0 .3rem}
header p,section>p{margin:.2rem 0;color:var(--quiet)}
kbd{border:1px solid var(--edge);border-radius:4px;padding:0 .35em;font-size:.85em}
h2{font-size:1.25rem;margin:2rem 0 .3rem;border-top:1px solid var(--edge);padding-top:1rem}
.state{display:inline-block;font-size:.75em;font-weight:400;color:var(--quiet);border:1px solid var(--edge);border-radius:1em;padding:.05em .6em}
.takes{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,24rem),1fr));gap:1rem;margin:.8rem 0;align-items:start}
article{background:var(--card);border:1px solid var(--edge);border-radius:8px;padding:.8rem;min-width:0;scroll-margin:1rem}
article:focus{outline:2px solid var(--focus);outline-offset:1px}
h3{font-size:1rem;margin:0 0 .5rem}
video{display:block;width:100%;max-height:70vh;background:#000;border-radius:4px}
.absent{margin:0;padding:2rem 0;text-align:center;color:var(--quiet);border:1px dashed var(--edge)}
.remarks{margin:.6rem 0;padding-left:1.2em;color:var(--mark)}
dl{display:grid;grid-template-columns:fit-content(10rem) minmax(0,1fr);gap:.1rem .8rem;margin:.6rem 0;font-size:.9rem}
dt{color:var(--quiet)}dd{margin:0}
blockquote{margin:.6rem 0;padding-left:.8rem;border-left:3px solid var(--edge);white-space:pre-wrap}
.command{display:flex;gap:.5rem;align-items:start;margin:.6rem 0}
code{flex:1;font:.85rem/1.5 ui-monospace,monospace;background:var(--ground);border-radius:4px;padding:.2rem .4rem;min-width:0}
button{font:inherit;font-size:.85rem;color:inherit;background:none;border:1px solid var(--edge);border-radius:4px;padding:.2rem .6rem;cursor:pointer}
.frames{display:flex;flex-wrap:wrap;gap:.6rem}
figure{margin:0;min-width:0;display:flex;flex-wrap:wrap;gap:3px;flex:1 1 8rem;align-content:start}
figure:last-child{flex:3 1 14rem}
figcaption{flex:1 0 100%;font-size:.8rem;color:var(--quiet)}
figure img{flex:1 1 30%;min-width:5rem;max-width:10rem;border-radius:3px}
`.trim();

/** It knows nothing of what is in the page, and puts no text into it. */
const SCRIPT = `
(() => {
  const takes = [...document.querySelectorAll('article')];
  const videos = [...document.querySelectorAll('video')];
  for (const video of videos)
    video.addEventListener('play', () => videos.forEach((other) => other !== video && other.pause()));
  const go = (step) => {
    const at = takes.findIndex((take) => take.contains(document.activeElement));
    const next = takes[at < 0 ? (step > 0 ? 0 : takes.length - 1) : at + step];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: 'nearest' });
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'j') go(1);
    else if (event.key === 'k') go(-1);
    else if (event.key === ' ' && event.target.matches('article')) {
      const video = event.target.querySelector('video');
      if (!video) return;
      event.preventDefault();
      if (video.paused) video.play();
      else video.pause();
    }
  });
  for (const button of document.querySelectorAll('.command button'))
    button.addEventListener('click', async () => {
      const code = button.previousElementSibling;
      getSelection().selectAllChildren(code);
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        document.execCommand('copy');
      }
    });
})();
`.trim();
