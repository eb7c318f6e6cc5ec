/** How often hosted tools were called for an answer. They cost money by the call, besides the tokens. */
export interface ToolCalls {
  readonly webSearch: number;
  readonly fileSearch: number;
  readonly codeInterpreter: number;
}
