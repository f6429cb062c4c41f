import type { Call } from './call.ts';
import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';
import { schemaSample } from './schema_sample.ts';
import { type WrittenText, writeText } from './written_text.ts';

export interface ToolCall {
  readonly name: string;
  readonly arguments: WrittenText;
}

/** A function tool. The chat API wraps its definition in `function`, the responses API doesn't. */
function definition(tool: unknown): Fields {
  const fields = fieldsOf(tool);
  return 'function' in fields ? fieldsOf(fields.function) : fields;
}

function isFunction(tool: unknown): boolean {
  return fieldsOf(tool).type === 'function';
}

/** Which functions must be called: all of them for "required", the ones named otherwise, none for "auto". */
function forcedNames(choice: unknown, tools: readonly unknown[]): readonly unknown[] {
  if (choice === 'required') return tools.map((tool) => definition(tool).name);
  const fields = fieldsOf(choice);
  if (fields.type === 'function') return [definition(choice).name];
  const allowed = fieldsOf(fields.allowed_tools ?? choice);
  if (fields.type !== 'allowed_tools' || allowed.mode !== 'required') return [];
  return listOf(allowed.tools).map((tool) => definition(tool).name);
}

/**
 * The call of the first function that `tool_choice` insists on, with arguments that satisfy its schema. The sandbox
 * never calls a tool of its own accord.
 * @param limit in tokens
 */
export function forcedToolCall(call: Call, text: string, limit: number | undefined): ToolCall | undefined {
  const tools = listOf(call.fields.tools).filter(isFunction);
  const names = forcedNames(call.fields.tool_choice, tools);
  const tool = tools.map(definition).find((candidate) => names.includes(candidate.name));
  const name = textOf(tool?.name);
  if (tool === undefined || name === undefined) return undefined;
  const sample = schemaSample(tool.parameters ?? { type: 'object' }, text);
  return { name, arguments: writeText(JSON.stringify(sample), { limit }) };
}
