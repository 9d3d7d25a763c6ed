import { expect, it } from 'vitest';
import { isRetryable } from '../../src/videos/retryable.ts';

it.each([
  ...['server_error', '5000', '5003', 'runner_disconnected', 'startup_timeout', 'downstream_service_unavailable'],
])('a failure %s passes, unless it is one of policy', (code) => {
  expect(isRetryable({ code, message: 'No.', policy: false })).toBe(true);
  expect(isRetryable({ code, message: 'No.', policy: true })).toBe(false);
});

it.each(['1200', '1402', '5004', 'value_error', 'file_download_error', undefined])(
  'a failure %s does not pass by itself',
  (code) => {
    expect(isRetryable({ message: 'No.', policy: false, ...(code !== undefined && { code }) })).toBe(false);
  },
);
