/** What the page uses of d3-flame-graph, which has no types. */
declare module 'd3-flame-graph' {
  import type { Selection } from 'd3-selection';

  /** A frame as drawn: d3-hierarchy's node. */
  export interface FlameNode<T> {
    readonly data: T;
    readonly parent: FlameNode<T> | null;
    readonly children?: readonly FlameNode<T>[];
    readonly depth: number;
    readonly x0: number;
    readonly x1: number;
    readonly id: number;
  }

  export interface FlameGraph<T> {
    (selection: Selection<HTMLElement, T, null, undefined>): void;
    width(px: number): this;
    cellHeight(px: number): this;
    minFrameSize(px: number): this;
    transitionDuration(ms: number): this;
    inverted(on: boolean): this;
    sort(compare: (a: FlameNode<T>, b: FlameNode<T>) => number): this;
    tooltip(on: boolean): this;
    setLabelHandler(label: (node: FlameNode<T>) => string): this;
    setColorMapper(color: (node: FlameNode<T>) => string): this;
    setDetailsHandler(show: (text: string | null) => void): this;
    setSearchHandler(found: (nodes: readonly unknown[], sum: number, total: number) => void): this;
    setSearchMatch(matches: (node: FlameNode<T>, term: string) => boolean): this;
    onClick(clicked: (node: FlameNode<T>) => void): this;
    search(term: string): void;
    clear(): void;
    zoomTo(node: FlameNode<T>): void;
    resetZoom(): void;
    destroy(): this;
  }

  export default function flamegraph<T>(): FlameGraph<T>;
}

declare module '*.css' {}
