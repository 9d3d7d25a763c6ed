import { expect, it } from 'vitest';
import { callOf } from '../../src/sandbox/dialects.ts';

it.each([
  ['create', 'POST', '/v1/videos'],
  ['create', 'POST', '/v1/videos/characters'],
  ['create', 'POST', '/v1/videos/edits'],
  ['create', 'POST', '/v1/videos/extensions'],
  ['create', 'POST', '/v1/videos/video_1/remix'],
  ['create', 'POST', '/api/v3/openai/sora-2/characters'],
  ['create', 'POST', '/api/v3/bytedance/seedance-2.0/text-to-video'],
  ['create', 'POST', '/v1/prediction'],
  ['status', 'GET', '/v1/videos/video_1'],
  ['status', 'GET', '/v1/prediction/prediction_1'],
  ['status', 'GET', '/api/v3/predictions/task_1/result'],
  ['status', 'GET', '/api/v3/predictions/task_1'],
  ['content', 'GET', '/v1/videos/video_1/content'],
  ['content', 'GET', '/files/task_1.mp4'],
  ['list', 'GET', '/v1/videos'],
  ['upload', 'POST', '/api/v3/media/uploads'],
  ['upload', 'POST', '/api/v3/media/upload/binary'],
  ['upload', 'POST', '/v1/upload/presign'],
  ['upload', 'PUT', '/storage/upload_1'],
  ['delete', 'DELETE', '/v1/videos/video_1'],
  ['delete', 'POST', '/api/v3/predictions/delete'],
  ['cancel', 'POST', '/v1/prediction/prediction_1/cancel'],
  ['price', 'POST', '/api/v3/model/price'],
  [undefined, 'GET', '/api/v3/balance'],
  [undefined, 'GET', '/v1/model'],
  [undefined, 'GET', '/v1/videos/characters/char_1'],
  [undefined, 'PUT', '/v1/videos'],
])('%s is %s %s', (call, method, path) => {
  expect(callOf(method, path)).toBe(call);
});
