import { expect, it } from 'vitest';
import { isAboutRequest, isRetryable } from '../../src/videos/retryable.ts';

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

it.each([
  ...['400', '422', 'missing', 'value_error', 'invalid_request_error', 'validation_error', 'image_too_small', 'one_of'],
  ...['greater_than_equal', 'unsupported_format', 'ASSET.INVALID', 'feature_not_supported', 'string_too_long'],
])('a failure %s is about the request, unless it is one of policy', (code) => {
  expect(isAboutRequest({ code, message: 'No.', policy: false })).toBe(true);
  expect(isAboutRequest({ code, message: 'No.', policy: true })).toBe(false);
  expect(isRetryable({ code, message: 'No.', policy: false })).toBe(false);
});

it.each(['500', '5000', 'server_error', 'generation_timeout', 'INTERNAL.BAD_OUTPUT.CODE01', 'job_failed', undefined])(
  'a failure %s says nothing of the request',
  (code) => {
    expect(isAboutRequest({ message: 'No.', policy: false, ...(code !== undefined && { code }) })).toBe(false);
  },
);
