/** Why a body may not go on. `param` is the path of what is wrong, such as `tools[0].type`. */
export interface BodyRefusal {
  readonly kind: 'refused';
  readonly code: 'field_not_allowed' | 'model_not_allowed' | 'invalid_request';
  readonly param: string;
  readonly message: string;
}

/** Something that is not lent. @param advice says what to do about it */
export function notAllowed(param: string, advice: string): BodyRefusal {
  return { kind: 'refused', code: 'field_not_allowed', param, message: advice };
}

/** Something that is not what the provider takes. */
export function invalid(param: string, message: string): BodyRefusal {
  return { kind: 'refused', code: 'invalid_request', param, message };
}
