/** The events of streamed runs, as the Assistants API (v2) tells them. A test holds them against the types of OpenAI's SDK. */
import type {
  Annotation,
  CodeOutput,
  FileSearchResult,
  Message,
  Run,
  RunStatus,
  RunStep,
  Thread,
} from './wire.ts';

export type ToolCallDelta =
  | {
      index: number;
      id?: string;
      type: 'function';
      function: { name?: string; arguments?: string; output?: string | null };
    }
  | { index: number; id?: string; type: 'file_search'; file_search: { results?: FileSearchResult[] } }
  | {
      index: number;
      id?: string;
      type: 'code_interpreter';
      code_interpreter: { input?: string; outputs?: ({ index: number } & CodeOutput)[] };
    };

export type ContentDelta =
  | {
      index: number;
      type: 'text';
      text: { value?: string; annotations?: ({ index: number } & Annotation)[] };
    }
  | { index: number; type: 'refusal'; refusal: string }
  | { index: number; type: 'image_file'; image_file: { file_id: string } };

export interface MessageDelta {
  id: string;
  object: 'thread.message.delta';
  delta: { content: ContentDelta[] };
}

export interface StepDelta {
  id: string;
  object: 'thread.run.step.delta';
  delta: { step_details: { type: 'tool_calls'; tool_calls: ToolCallDelta[] } };
}

export type StreamEvent =
  | { event: 'thread.created'; data: Thread }
  | { event: `thread.run.${'created' | RunStatus}`; data: Run }
  | { event: `thread.run.step.${'created' | RunStep['status']}`; data: RunStep }
  | { event: 'thread.run.step.delta'; data: StepDelta }
  | { event: `thread.message.${'created' | Message['status']}`; data: Message }
  | { event: 'thread.message.delta'; data: MessageDelta }
  | { event: 'error'; data: { code: string | null; message: string; param: string | null; type: string } };
