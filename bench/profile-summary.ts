/** A CPU profile as the inspector returns it; times in microseconds. */
export interface CpuProfile {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
}

interface ProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  children?: number[];
}

const FUNCTIONS_MAX = 40;
const AREAS_MAX = 25;

/**
 * Renders microseconds per request: by area, by function without the functions that it calls (self), and by function
 * of `src/` with them (total; synchronous calls only).
 */
export function summarize({ nodes, samples, timeDeltas }: CpuProfile, requests_count: number): string {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id] as const)));
  const areas = new Map<string, number>();
  const selves = new Map<string, number>();
  const totals = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const node = byId.get(id);
    const time_us = timeDeltas[index] ?? 0;
    if (!node || node.callFrame.functionName === '(idle)' || isProfiler(node)) continue;
    add(areas, areaOf(node), time_us);
    add(selves, nameOf(node), time_us);
    const counted = new Set<string>();
    for (let each: ProfileNode | undefined = node; each; each = byId.get(parents.get(each.id) ?? -1)) {
      const name = nameOf(each);
      if (counted.has(name) || !/ src\//.test(name)) continue;
      counted.add(name);
      add(totals, name, time_us);
    }
  }
  return [
    table('area', areas, AREAS_MAX, requests_count),
    table('function, self', selves, FUNCTIONS_MAX, requests_count),
    table('function of src, total', totals, FUNCTIONS_MAX, requests_count),
  ].join('\n');
}

function table(title: string, times: Map<string, number>, rows_max: number, requests_count: number): string {
  const sum = [...times.values()].reduce((a, b) => a + b, 0);
  const rows = [...times].sort(([, a], [, b]) => b - a).slice(0, rows_max);
  const lines = rows.map(
    ([name, time]) => `| ${name} | ${(time / requests_count).toFixed(1)} | ${((time / sum) * 100).toFixed(1)} |`,
  );
  return [`| ${title} | us per request | % |`, '|---|---|---|', ...lines, ''].join('\n');
}

/** Room, package or part of Node.js. */
function areaOf({ callFrame: { url, functionName } }: ProfileNode): string {
  const path = pathOf(url);
  const package_name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  if (package_name !== undefined) return package_name;
  if (path.startsWith('src/')) return path.split('/').slice(0, 3).join('/');
  return path === '' ? functionName : 'node.js';
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const path = pathOf(url);
  return `${functionName === '' ? '(anonymous)' : functionName}${path === '' ? '' : ` ${path}:${lineNumber + 1}`}`;
}

function pathOf(url: string): string {
  const path = url.replace(/^file:\/\//, '');
  const start = /\/(?:node_modules|src|bench|themes)\//.exec(path);
  return start ? path.slice(start.index + 1) : path;
}

function add(times: Map<string, number>, name: string, time_us: number): void {
  times.set(name, (times.get(name) ?? 0) + time_us);
}

/** Starting and stopping the profile is no work of a request. */
function isProfiler({ callFrame: { url } }: ProfileNode): boolean {
  return url.startsWith('node:inspector');
}
