/** Errors in the shape of the Videos API. */
import type { Reply } from '../http.ts';

export interface ErrorDetail {
  readonly param?: string | null;
  readonly code?: string | null;
  readonly type?: string;
}

/** A refusal in OpenAI's own shape and words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly detail: ErrorDetail;

  constructor(status: number, message: string, detail: ErrorDetail = {}) {
    super(message);
    this.status = status;
    this.detail = detail;
  }
}

export function errorReply(error: ApiError): Reply {
  const { type = 'invalid_request_error', param = null, code = null } = error.detail;
  return { status: error.status, body: { error: { message: error.message, type, param, code } } };
}

export function invalidType(param: string, expected: string, value: unknown): ApiError {
  const message = `Invalid type for '${param}': expected ${expected}, but got ${articleOf(value)} instead.`;
  return new ApiError(400, message, { param, code: 'invalid_type' });
}

export function invalidValue(param: string, value: string, supported: readonly string[]): ApiError {
  const known = supported.map((entry) => `'${entry}'`).join(', ');
  const message = `Invalid value: '${value.slice(0, 100)}'. Supported values are: ${known}.`;
  return new ApiError(400, message, { param, code: 'invalid_value' });
}

export function missing(param: string): ApiError {
  return new ApiError(400, `Missing required parameter: '${param}'.`, { param, code: 'missing_required_parameter' });
}

export function unknownParameter(param: string): ApiError {
  return new ApiError(400, `Unknown parameter: '${param}'.`, { param, code: 'unknown_parameter' });
}

export function notFound(what: string, id: string, param: string | null = null): ApiError {
  return new ApiError(404, `${what} with id '${id.slice(0, 100)}' not found.`, { param, code: null });
}

function articleOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal';
  if (typeof value === 'boolean') return 'a boolean';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
