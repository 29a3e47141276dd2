; wasm_fma.ll: a·b + c rounded once, by relaxed SIMD: what build.ts puts in place of LLVM's fmuladd, since LLVM itself would make
; a product and a sum of each that it has not put into a vector. A width that is not here is an error of the compiler.

define internal <4 x float> @wasm_fma.v4f32(<4 x float> %a, <4 x float> %b, <4 x float> %c) alwaysinline {
  %y = call <4 x float> @llvm.wasm.relaxed.madd.v4f32(<4 x float> %a, <4 x float> %b, <4 x float> %c)
  ret <4 x float> %y
}

define internal <2 x float> @wasm_fma.v2f32(<2 x float> %a, <2 x float> %b, <2 x float> %c) alwaysinline {
  %a4 = shufflevector <2 x float> %a, <2 x float> poison, <4 x i32> <i32 0, i32 1, i32 poison, i32 poison>
  %b4 = shufflevector <2 x float> %b, <2 x float> poison, <4 x i32> <i32 0, i32 1, i32 poison, i32 poison>
  %c4 = shufflevector <2 x float> %c, <2 x float> poison, <4 x i32> <i32 0, i32 1, i32 poison, i32 poison>
  %y4 = call <4 x float> @llvm.wasm.relaxed.madd.v4f32(<4 x float> %a4, <4 x float> %b4, <4 x float> %c4)
  %y = shufflevector <4 x float> %y4, <4 x float> poison, <2 x i32> <i32 0, i32 1>
  ret <2 x float> %y
}

define internal float @wasm_fma.f32(float %a, float %b, float %c) alwaysinline {
  %a4 = insertelement <4 x float> poison, float %a, i32 0
  %b4 = insertelement <4 x float> poison, float %b, i32 0
  %c4 = insertelement <4 x float> poison, float %c, i32 0
  %y4 = call <4 x float> @llvm.wasm.relaxed.madd.v4f32(<4 x float> %a4, <4 x float> %b4, <4 x float> %c4)
  %y = extractelement <4 x float> %y4, i32 0
  ret float %y
}

define internal <2 x double> @wasm_fma.v2f64(<2 x double> %a, <2 x double> %b, <2 x double> %c) alwaysinline {
  %y = call <2 x double> @llvm.wasm.relaxed.madd.v2f64(<2 x double> %a, <2 x double> %b, <2 x double> %c)
  ret <2 x double> %y
}

define internal double @wasm_fma.f64(double %a, double %b, double %c) alwaysinline {
  %a2 = insertelement <2 x double> poison, double %a, i32 0
  %b2 = insertelement <2 x double> poison, double %b, i32 0
  %c2 = insertelement <2 x double> poison, double %c, i32 0
  %y2 = call <2 x double> @llvm.wasm.relaxed.madd.v2f64(<2 x double> %a2, <2 x double> %b2, <2 x double> %c2)
  %y = extractelement <2 x double> %y2, i32 0
  ret double %y
}

declare <4 x float> @llvm.wasm.relaxed.madd.v4f32(<4 x float>, <4 x float>, <4 x float>)
declare <2 x double> @llvm.wasm.relaxed.madd.v2f64(<2 x double>, <2 x double>, <2 x double>)
