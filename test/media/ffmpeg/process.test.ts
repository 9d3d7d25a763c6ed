import { describe, expect, it } from 'vitest';
import { crashWords, firstWords, machineProblem, throwIfAborted } from '../../../src/media/ffmpeg/process.ts';
import { SoraError } from '../../../src/shared/errors.ts';

describe('firstWords', () => {
  it('keeps the specific complaint, without addresses and noise', () => {
    const stderr =
      '[h264 @ 0x3febec00] Reference 3 >= 3\n[h264 @ 0x3febec00] error while decoding MB 70 34.\nConversion failed!\n';
    expect(firstWords(stderr)).toBe('Reference 3 >= 3; error while decoding MB 70 34');
  });

  it.each([
    [
      "[matroska,webm @ 0x1] File ended prematurely\nConsider increasing the value for the 'analyzeduration' (0) and 'probesize' (5000000) options\n",
      'File ended prematurely',
    ],
    ['Could not write header, consider using -strict 2.', 'Could not write header'],
    ['Clipping level 7, increase qscale', 'Clipping level 7'],
    [
      "H.264 bitstream malformed, no startcode found, use the video bitstream filter 'h264_mp4toannexb' to fix it ('-bsf:v h264_mp4toannexb' option with ffmpeg)",
      'H.264 bitstream malformed, no startcode found',
    ],
    [
      'Interlaced 4:2:0 is not implemented. Update your FFmpeg version to the newest one from Git. If the problem still occurs, it means that your file has a feature which has not been implemented.',
      'Interlaced 4:2:0 is not implemented',
    ],
    ['If you want to help, upload a sample of this file\nInvalid data found', 'Invalid data found'],
    [
      'An invalid frame was output by a decoder. This is a bug, please report it.',
      'An invalid frame was output by a decoder',
    ],
    [
      'Cannot write moov atom before AC3 packets. Set the delay_moov flag to fix this.',
      'Cannot write moov atom before AC3 packets',
    ],
    ['Could not find codec (try -v verbose)', 'Could not find codec'],
    // What is no advice stays.
    ['Use of closed frame, set count 7 of 9', 'Use of closed frame, set count 7 of 9'],
    ['user data is damaged; settings lost', 'user data is damaged; settings lost'],
    ['Please update.', 'ffmpeg gave no reason'],
  ])('leaves out advice to its users: %#', (stderr, expected) => {
    expect(firstWords(stderr)).toBe(expected);
  });

  it('says a complaint once that comes from two threads', () => {
    expect(firstWords('[png @ 0x1] chunk too big\n[png @ 0x2] chunk too big\nError 7.\n')).toBe(
      'chunk too big; Error 7',
    );
  });

  it('cannot steer a terminal and stays short', () => {
    const words = firstWords(`bad \u001b[31mname ${'x'.repeat(5000)}`);
    expect(words).not.toContain('\u001b');
    expect(words.length).toBeLessThanOrEqual(200);
  });

  it('says so when there is nothing', () => {
    expect(firstWords('\nframe=12\n')).toBe('ffmpeg gave no reason');
  });
});

describe('crashWords', () => {
  it.each(['SIGABRT', 'ffmpeg was killed with signal SIGSEGV'])('tells of %s', (ended) => {
    expect(crashWords(ended)).toMatch(/^ffmpeg crashed on it \(SIG(ABRT|SEGV)\)$/);
  });

  it.each(['SIGKILL', 'SIGTERM', undefined, 'ffmpeg exited with code 1'])('has nothing to tell of %s', (ended) => {
    expect(crashWords(ended)).toBeUndefined();
  });
});

describe('machineProblem', () => {
  it.each([
    ['av_interleaved_write_frame(): No space left on device', /disk is full/],
    ['/x/out.mp4: Permission denied', /may not read or write/],
    ['file:/x/out.mp4: Operation not permitted', /may not read or write/],
    ["Unknown encoder 'libx264'", /lacks a part/],
    ['Cannot allocate memory', /memory/],
  ])('sees the machine in "%s"', (stderr, message) => {
    expect(machineProblem(stderr)).toMatchObject({ code: 'machine', message: expect.stringMatching(message) });
  });

  it('leaves the clip its own faults', () => {
    expect(machineProblem('moov atom not found')).toBeUndefined();
    const decoder = 'Error while opening decoder for input stream #0:1 : Operation not permitted';
    expect(machineProblem(decoder)).toBeUndefined();
  });
});

describe('throwIfAborted', () => {
  it('passes on the reason that the program gave', () => {
    const reason = new SoraError('terminated', 'Terminated.');
    expect(() => throwIfAborted(AbortSignal.abort(reason))).toThrow(reason);
  });

  it('is an interruption for any other reason', () => {
    expect(() => throwIfAborted(AbortSignal.abort())).toThrow(expect.objectContaining({ code: 'interrupted' }));
    expect(() => throwIfAborted(new AbortController().signal)).not.toThrow();
  });
});
