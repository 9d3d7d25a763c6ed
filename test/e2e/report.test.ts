import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ReportTake, renderPage } from '../../src/report/page.ts';
import { relativeUrl } from '../../src/shared/relative-url.ts';
import { makeVideo } from '../helpers/far-end.ts';
import { tempFolder } from '../helpers/temp.ts';

const program = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)))
  .find((path) => existsSync(path));

const HOSTILE = `"><script>document.title='owned'</script><img src="http://127.0.0.1:9/x" onerror="document.title='owned'">`;
const PIXEL = 'data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==';

/** In a browser, which not every machine has. */
describe.skipIf(program === undefined)('a report in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: program ?? '', args: ['--no-sandbox'] });
  });
  afterAll(() => browser.close());

  /** A page of two takes whose names are as hostile as names can be, opened from its file. */
  async function open(size = { width: 1400, height: 900 }): Promise<{ page: Page; asked: string[]; folder: string }> {
    const folder = await tempFolder();
    const target = join(folder, 'report.html');
    await mkdir(join(folder, 'takes'));
    const takes: ReportTake[] = [];
    for (const name of ['a "take" #1 100%.mp4', '<b>&.mp4']) {
      const path = join(folder, 'takes', name);
      await writeFile(path, await makeVideo());
      takes.push({
        ...{
          label: HOSTILE,
          href: relativeUrl(dirname(target), path),
          frames: [PIXEL, PIXEL],
          facts: [[HOSTILE, HOSTILE]],
        },
        ...{ prompt: HOSTILE, command: `sora storyboard pick film.md ${HOSTILE} 1`, remarks: [HOSTILE] },
        given: [PIXEL],
        characters: [{ name: HOSTILE, frames: [PIXEL] }],
      });
    }
    const sections = [{ heading: HOSTILE, state: HOSTILE, notes: [HOSTILE], takes }];
    await writeFile(target, renderPage({ title: HOSTILE, notes: [HOSTILE], sections }));
    const page = await browser.newPage({ viewport: size });
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(target).href);
    return { page, asked, folder };
  }

  it('plays every take from its file, one at a time, and asks for nothing else', async () => {
    const { page, asked, folder } = await open();
    const played = await page.evaluate(`(async () => {
      const videos = [...document.querySelectorAll('video')];
      const found = [];
      for (const video of videos) {
        video.muted = true;
        await video.play();
        await new Promise((moved) => video.addEventListener('timeupdate', moved, { once: true }));
        found.push([video.videoWidth, video.duration > 0.9, videos.filter((one) => !one.paused && one !== video).length]);
      }
      return found;
    })()`);
    expect(played).toEqual([
      [64, true, 0],
      [64, true, 0],
    ]);
    const base = pathToFileURL(`${folder}/`).href;
    const outside = asked.filter((url) => !url.startsWith('data:') && !url.startsWith(base));
    expect(outside).toEqual([]);
    expect(asked.filter((url) => url.startsWith(`${base}takes/`)).length).toBeGreaterThanOrEqual(2);
  });

  it('shows hostile text as text, and fits a narrow screen', async () => {
    const { page } = await open({ width: 400, height: 800 });
    expect(await page.title()).toBe(HOSTILE);
    expect(await page.locator('h2').textContent()).toContain(HOSTILE);
    expect(await page.locator('body script').count()).toBe(1);
    expect(await page.locator('img:not([src^="data:"])').count()).toBe(0);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(400);
  });

  it('goes on by j and back by k, and copies the command of a take', async () => {
    const { page } = await open();
    const at = () => page.evaluate("[...document.querySelectorAll('article')].indexOf(document.activeElement)");
    const places = [];
    for (const key of ['j', 'j', 'j', 'k', 'k']) {
      await page.keyboard.press(key);
      places.push(await at());
    }
    expect(places).toEqual([0, 1, 1, 0, 0]);
    await page.locator('.command button').first().click();
    expect(await page.evaluate('String(getSelection())')).toContain('sora storyboard pick film.md');
  });
});
