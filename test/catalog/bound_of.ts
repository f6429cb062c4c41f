import { expect } from 'vitest';
import { findProvider } from '../../src/catalog/catalog.ts';
import { type CostBound, costBound } from '../../src/catalog/cost_bound.ts';
import { applyPolicy, type CheckedBody } from '../../src/catalog/policy.ts';
import type { Provider } from '../../src/catalog/provider.ts';
import type { Route } from '../../src/catalog/route.ts';
import type { JsonObject } from '../../src/lib/json.ts';

export function providerNamed(name: string): Provider {
  return findProvider(name) ?? expect.fail(`no provider ${name}`);
}

export function routeOf(provider: Provider, path: string): Route {
  return provider.routes.find((route) => route.path === path) ?? expect.fail(`no route ${path}`);
}

export function check(
  provider: Provider,
  { body }: Route,
  sent: JsonObject,
  pathModel: string | null,
): CheckedBody {
  if (body.kind === 'none') expect.fail('a route without a body');
  const checked = applyPolicy(body.fields, sent, {
    models: provider.models,
    pseudonym: 'someone',
    pathModel,
  });
  return checked.kind === 'checked' ? checked : expect.fail(`${checked.param}: ${checked.message}`);
}

/** The largest cost of a call that the policy lets through. */
export function boundOf(
  name: string,
  path: string,
  sent: JsonObject,
  pathModel: string | null = null,
): CostBound {
  const provider = providerNamed(name);
  const route = routeOf(provider, path);
  return costBound(provider, route, check(provider, route, sent, pathModel), pathModel);
}
