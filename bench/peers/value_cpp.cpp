// value_cpp.cpp: nanoseconds per row of value and gradient of two functions in C++, as JSON: with CoDiPack if
// WITH_CODIPACK is defined, with XAD if WITH_XAD is; the values alone in double in any case. bench/value_bench.ts
// compiles and runs it.
//
// The tape is used as each library documents it for repeated evaluation: one tape, emptied between rows, memory kept.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <vector>

#if defined WITH_CODIPACK
#include <codi.hpp>
#elif defined WITH_XAD
#include <XAD/XAD.hpp>
#endif

constexpr int rows = 1024, rounds = 101;

// 2-16-16-1, tanh but for the output. Weight k, in the order layer, neuron, weights and then bias, is sin(k + 1).
struct Network {
  static constexpr int inputs = 2;
  static constexpr int sizes[] = {2, 16, 16, 1};
  std::array<double, 337> weights;

  Network() {
    for (int k = 0; k < 337; k++) weights[k] = std::sin(k + 1.0);
  }

  static std::array<double, inputs> row(int i) { return {std::sin(double(i)), std::cos(double(i))}; }

  template <class T>
  T operator()(const T *input) const {
    using std::tanh;
    T hidden[2][16], output = 0;
    const T *x = input;
    const double *w = weights.data();
    for (int l = 0; l < 3; l++) {
      for (int j = 0; j < sizes[l + 1]; j++, w += sizes[l] + 1) {
        T sum = w[sizes[l]];
        for (int i = 0; i < sizes[l]; i++) sum += w[i] * x[i];
        if (l < 2) hidden[l][j] = tanh(sum);
        else output = sum;
      }
      if (l < 2) x = hidden[l];
    }
    return output;
  }
};

// A European call: spot, strike, rate, volatility, time.
struct BlackScholes {
  static constexpr int inputs = 5;

  // u(i, j) = (i·(2j + 37) mod 1024) / 1024 spreads the rows over plausible prices.
  static std::array<double, inputs> row(int i) {
    auto u = [i](int j) { return (i * (2 * j + 37)) % 1024 / 1024.0; };
    return {80 + 40 * u(0), 80 + 40 * u(1), 0.01 + 0.05 * u(2), 0.1 + 0.4 * u(3), 0.1 + 1.9 * u(4)};
  }

  template <class T>
  T operator()(const T *input) const {
    using std::erfc, std::exp, std::log, std::sqrt;
    const T &S = input[0], &K = input[1], &r = input[2], &sigma = input[3], &t = input[4];
    T deviation = sigma * sqrt(t);
    T d1 = (log(S / K) + (r + 0.5 * sigma * sigma) * t) / deviation;
    T d2 = d1 - deviation;
    const double c = -std::sqrt(0.5);
    return S * (0.5 * erfc(c * d1)) - K * exp(-r * t) * (0.5 * erfc(c * d2));
  }
};

#if defined WITH_CODIPACK
const char *const library = "CoDiPack " CODI_VERSION;

struct Recorder {
  using Real = codi::RealReverse;
  Real::Tape &tape = Real::getTape();
  size_t statements = 0, derivatives = 0;

  template <class F>
  double operator()(const F &f, const double *x, double *gradient) {
    Real input[F::inputs];
    tape.setActive();
    for (int i = 0; i < F::inputs; i++) tape.registerInput(input[i] = x[i]);
    Real y = f(input);
    tape.registerOutput(y);
    tape.setPassive();
    y.setGradient(1);
    tape.evaluate();
    for (int i = 0; i < F::inputs; i++) gradient[i] = input[i].getGradient();
    if (statements == 0) {
      statements = tape.getParameter(codi::TapeParameters::StatementSize);
      derivatives = tape.getParameter(codi::TapeParameters::JacobianSize);
    }
    tape.reset();
    return y.getValue();
  }
};
#elif defined WITH_XAD
const char *const library = "XAD " XAD_VERSION_STRING;

struct Recorder {
  using Real = xad::adj<double>::active_type;
  xad::adj<double>::tape_type tape;
  size_t statements = 0, derivatives = 0;

  template <class F>
  double operator()(const F &f, const double *x, double *gradient) {
    tape.clearAll();
    Real input[F::inputs];
    for (int i = 0; i < F::inputs; i++) tape.registerInput(input[i] = x[i]);
    tape.newRecording();
    Real y = f(input);
    tape.registerOutput(y);
    derivative(y) = 1;
    statements = tape.getNumStatements();
    derivatives = tape.getNumOperations();
    tape.computeAdjoints();
    for (int i = 0; i < F::inputs; i++) gradient[i] = derivative(input[i]);
    return value(y);
  }
};
#else
const char *const library = "double";
#endif

double sink;

template <class Task>
double nanosecondsPerRow(Task task) {
  std::vector<double> times;
  for (int k = 0; k < rounds; k++) {
    auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < rows; i++) sink = sink + task(i);
    std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
    times.push_back(elapsed.count() / rows);
  }
  std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
  return times[rounds / 2];
}

// "first" is the value and the gradient of row 1, for the reader to check.
template <class F>
void measure(const char *name, const F &f) {
  std::vector<std::array<double, F::inputs>> data;
  for (int i = 0; i < rows; i++) data.push_back(F::row(i));
  std::printf(", \"%s\": {\"value\": %.6g", name, nanosecondsPerRow([&](int i) { return f(data[i].data()); }));
#if defined WITH_CODIPACK || defined WITH_XAD
  Recorder record;
  double g[F::inputs];
  std::printf(", \"gradient\": %.6g", nanosecondsPerRow([&](int i) { return record(f, data[i].data(), g) + g[0]; }));
  std::printf(", \"statements\": %zu, \"derivatives\": %zu", record.statements, record.derivatives);
  std::printf(", \"first\": [%.17g", record(f, data[1].data(), g));
  for (double each : g) std::printf(", %.17g", each);
  std::printf("]");
#endif
  std::printf("}");
}

int main() {
  std::printf("{\"library\": \"%s\"", library);
  measure("network", Network());
  measure("blackScholes", BlackScholes());
  std::printf("}\n");
  return sink != sink;
}
