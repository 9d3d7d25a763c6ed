import { describe, expect, it } from 'vitest';
import { html } from '../../src/report/html.ts';
import { type ReportTake, renderPage } from '../../src/report/page.ts';

const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&lt;{{x}}\${y}`;
const TAKE: ReportTake = { label: 'Take 1', frames: [], facts: [], remarks: [], given: [], characters: [] };

describe('the template tag', () => {
  it('escapes everything but what it has made itself, in lists too', () => {
    const inner = html`<b>${'a & b'}</b>`;
    expect(String(html`<p title="${'"\'<>'}">${inner}${[inner, '<i>', 7, undefined, false]}</p>`)).toBe(
      '<p title="&quot;&#39;&lt;&gt;"><b>a &amp; b</b><b>a &amp; b</b>&lt;i&gt;7</p>',
    );
  });

  it('does not take an object for its own that looks like it', () => {
    const forged = { toString: () => '<script>' };
    expect(String(html`${forged as unknown as string}`)).toBe('&lt;script&gt;');
  });
});

describe('a page', () => {
  it('keeps hostile text as text, in every place', () => {
    const page = renderPage({
      title: HOSTILE,
      notes: [HOSTILE],
      sections: [
        {
          ...{ heading: HOSTILE, state: HOSTILE, notes: [HOSTILE] },
          takes: [
            {
              ...{
                label: HOSTILE,
                state: HOSTILE,
                href: HOSTILE,
                frames: [HOSTILE],
                prompt: HOSTILE,
                command: HOSTILE,
              },
              ...{ facts: [[HOSTILE, HOSTILE]], remarks: [HOSTILE] },
              given: [HOSTILE],
              characters: [{ name: HOSTILE, frames: [HOSTILE] }],
            },
          ],
        },
      ],
    });
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toContain('<img src=x');
    expect(page).not.toMatch(/"><script/);
    expect(page.match(/&quot;&gt;&lt;script&gt;/g)?.length).toBe(19);
  });

  it('may load nothing but its own pictures and the videos beside it', () => {
    const page = renderPage({ title: 'A', notes: [], sections: [] });
    const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
    expect(policy).toContain("default-src 'none'; img-src data:; media-src 'self' file:;");
    expect(page.indexOf('Content-Security-Policy')).toBeLessThan(page.indexOf('<title>'));
    expect(page).not.toMatch(/https?:/);
  });

  it('has a player for what is here, and says so of what is not', () => {
    const sections = [{ heading: 'A', notes: [], takes: [{ ...TAKE, href: 'a.mp4', frames: ['data:a'] }, TAKE] }];
    const page = renderPage({ title: 'A', notes: [], sections });
    expect(page).toContain('<video controls playsinline preload="none" poster="data:a" src="a.mp4"></video>');
    expect(page.match(/The video is not here\./g)).toHaveLength(1);
    expect(page).not.toContain('first picture');
  });

  it('shows the picture that a take was given, beside its video or without one', () => {
    const given = { ...TAKE, given: ['data:given'] };
    const sections = [{ heading: 'A', notes: [], takes: [{ ...given, href: 'a.mp4', frames: ['data:a'] }, given] }];
    const figure = '<figure><figcaption>first picture</figcaption><img alt="" src="data:given"></figure>';
    expect(renderPage({ title: 'A', notes: [], sections }).split(figure)).toHaveLength(3);
  });
});
