/**
 * OpenBLAS and BLIS, called from Deno: the library that OPENBLAS or BLIS names, or the one that the system finds under
 * its usual names (Debian: libopenblas0-pthread, libblis4-openmp).
 */
import type { Reals } from "../../src/shape.ts";

/**
 * c ← c + a·b, row-major: what cblas calls m, n, k, and for a and b whether they are transposed and how far rows are
 * apart.
 */
export interface Operands {
  m: number;
  n: number;
  k: number;
  a: Reals;
  aTransposed: boolean;
  aRow: number;
  b: Reals;
  bTransposed: boolean;
  bRow: number;
  c: Reals;
}

export interface Blas {
  name: string;
  /** Its version, for which processor the kernels are that it has chosen, and what its threads are, where that differs. */
  version: string;
  useThreads(count: number): void;
  /** Milliseconds for which its threads go on looking for work after a call, and take the processors from others. */
  looks: number;
  gemm(operands: Operands): void;
}

const gemmParameters = (real: "f32" | "f64") =>
  ["i32", "i32", "i32", "i32", "i32", "i32", real, "buffer", "i32", "buffer", "i32", real, "buffer", "i32"] as const;

const gemms = {
  cblas_sgemm: { parameters: gemmParameters("f32"), result: "void" },
  cblas_dgemm: { parameters: gemmParameters("f64"), result: "void" },
} as const;

const ROW_MAJOR = 101, AS_IS = 111, TRANSPOSED = 112;

function gemmOf(symbols: Deno.DynamicLibrary<typeof gemms>["symbols"]): Blas["gemm"] {
  return ({ m, n, k, a, aTransposed, aRow, b, bTransposed, bRow, c }) => {
    const gemm = c instanceof Float32Array ? symbols.cblas_sgemm : symbols.cblas_dgemm;
    const transA = aTransposed ? TRANSPOSED : AS_IS, transB = bTransposed ? TRANSPOSED : AS_IS;
    gemm(ROW_MAJOR, transA, transB, m, n, k, 1, a, aRow, b, bRow, 1, c, n);
  };
}

const textOf = (pointer: Deno.PointerValue) => pointer ? Deno.UnsafePointerView.getCString(pointer) : "";

/** Opens the first of the files that is there. */
function openFirst<S extends Deno.ForeignLibraryInterface>(variable: string, names: string[], symbols: S) {
  const path = Deno.env.get(variable);
  for (const name of path ? [path] : names) {
    try {
      return Deno.dlopen(name, symbols).symbols;
    } catch {
      // The next one.
    }
  }
}

/** OpenBLAS, or undefined if it is not there. */
export function openOpenBLAS(hasAvx512: boolean): Blas | undefined {
  // Older than the processor, it does not know it and uses kernels for an old one, unless it is told when it is opened.
  if (hasAvx512 && !Deno.env.has("OPENBLAS_CORETYPE")) Deno.env.set("OPENBLAS_CORETYPE", "SkylakeX");
  const names = ["libopenblas.so.0", "libopenblas.so", "libopenblas.dylib", "libopenblas.dll"];
  const symbols = openFirst("OPENBLAS", names, {
    ...gemms,
    openblas_set_num_threads: { parameters: ["i32"], result: "void" },
    openblas_get_config: { parameters: [], result: "pointer" },
    openblas_get_corename: { parameters: [], result: "pointer" },
  });
  return symbols && {
    name: "OpenBLAS",
    version: `${textOf(symbols.openblas_get_config()).split(" ")[1]} ${textOf(symbols.openblas_get_corename())}`,
    useThreads: (count) => symbols.openblas_set_num_threads(count),
    looks: 140, // 2²⁸ cycles of the processor's clock
    gemm: gemmOf(symbols),
  };
}

/** BLIS, or undefined if it is not there. */
export function openBLIS(): Blas | undefined {
  const symbols = openFirst("BLIS", ["libblis.so.4", "libblis.so", "libblis.dylib", "libblis.dll"], {
    ...gemms,
    bli_thread_set_num_threads: { parameters: ["isize"], result: "void" },
    bli_info_get_version_str: { parameters: [], result: "pointer" },
    bli_info_get_enable_openmp: { parameters: [], result: "i32" },
    bli_info_get_enable_pthreads: { parameters: [], result: "i32" },
    bli_arch_query_id: { parameters: [], result: "i32" },
    bli_arch_string: { parameters: ["i32"], result: "pointer" },
  });
  if (!symbols) return undefined;
  const architecture = textOf(symbols.bli_arch_string(symbols.bli_arch_query_id()));
  const threading = symbols.bli_info_get_enable_openmp()
    ? "OpenMP"
    : symbols.bli_info_get_enable_pthreads()
    ? "pthreads"
    : "no threads";
  return {
    name: "BLIS",
    version: `${textOf(symbols.bli_info_get_version_str())} ${architecture}, ${threading}`,
    useThreads: (count) => symbols.bli_thread_set_num_threads(BigInt(count)),
    looks: 20, // gcc's OpenMP; those of a BLIS with pthreads end with the call
    gemm: gemmOf(symbols),
  };
}
