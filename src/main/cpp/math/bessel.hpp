// log(I_n(x) / x^n), its derivative A_n(x) = I_{n+1}(x) / I_n(x) and that one's, for every order n >= 0 and every x.
// Method   One expansion: the uniform one of large orders (DLMF 10.41.3), which with s = sqrt(n^2 + x^2), p = n^2 / s^2
//          is a series in 1 / s, I_n(x) ~ e^s (x / (n + s))^n / sqrt(2 pi s) U, U = sum_k s^-k sum_m c_km p^m, and so
//          holds for large x as well; its derivatives are those of U. Where s < 40 it is taken at order 40 or a little
//          more, and B_n = A_n / x = 1 / (2 (n + 1) + x^2 B_{n+1}) leads back, the logarithm losing that of B_n in each
//          step and A'_n being B_n - A_n^2 (B_{n+1} + A'_{n+1}): regular at 0, and no error grows.
// Error    Relative: of the logarithm 2e-13, absolute where it is below 1, or 4e-16 (s + n log(n + s)) where that is
//          more, for it is a difference of such numbers; of the ratio 2e-14, of its derivative 1e-12 (tested).
//          In double for float, too. Past 1e100 |x|, and the limits 1 and 0.
#ifndef VICINAL_MATH_BESSEL_HPP_
#define VICINAL_MATH_BESSEL_HPP_

#include <cmath>

#include "math/elementary.hpp"

namespace vicinal::math {
inline namespace VICINAL_ISA {

// A call, not inlined: it is long, and its registers are not to be those of every kernel.
#ifdef __CUDACC__
#define VICINAL_BESSEL __host__ __device__ __noinline__
#else
#define VICINAL_BESSEL
#endif

struct Bessel {
  double log, over, slope;  // log(I_n / x^n), A_n / x, A_n'
};

template <class Double = double>  // a template, so that it may stand in a header
VICINAL_BESSEL Bessel bessel_at(Double order, Double x2) {
  constexpr int kTerms = 10;
  constexpr double kFar = 40;
  // c_km, row k having m = 0..k: the polynomials u_k(t) = t^k sum_m c_km t^2m of DLMF 10.41.9.
  // clang-format off
  const double c[(kTerms + 1) * (kTerms + 2) / 2] = {
      1.0,
      0.125, -0.20833333333333334,
      0.0703125, -0.4010416666666667, 0.3342013888888889,
      0.0732421875, -0.8912109375, 1.8464626736111112, -1.0258125964506173,
      0.112152099609375, -2.3640869140625, 8.78912353515625, -11.207002616222994, 4.669584423426247,
      0.22710800170898438, -7.368794359479632, 42.53499874538846, -91.81824154324002, 84.63621767460073,
      -28.212072558200244,
      0.5725014209747314, -26.491430486951554, 218.1905117442116, -699.5796273761325, 1059.9904525279999,
      -765.2524681411817, 212.57013003921713,
      1.7277275025844574, -108.09091978839466, 1200.9029132163525, -5305.646978613403, 11655.393336864534,
      -13586.550006434138, 8061.722181737309, -1919.457662318407,
      6.074042001273483, -493.915304773088, 7109.514302489364, -41192.65496889755, 122200.46498301746,
      -203400.17728041555, 192547.00123253153, -96980.59838863752, 20204.29133096615,
      24.380529699556064, -2499.8304818112097, 45218.76898136273, -331645.1724845636, 1268365.2733216248,
      -2813563.226586534, 3763271.297656404, -2998015.9185381066, 1311763.6146629772, -242919.18790055133,
      110.01714026924674, -13886.08975371704, 308186.4046126624, -2785618.1280864547, 13288767.166421818,
      -37567176.66076335, 66344512.27472903, -74105148.21153265, 50952602.49266464, -19706819.118432228,
      3284469.853072038,
  };
  // clang-format on
  int steps = 0;
  if (order * order + x2 < kFar * kFar) steps = static_cast<int>(kFar - order) + 1;
  const double n = order + steps, s = std::sqrt(n * n + x2), r = 1 / s, p = n * r * (n * r);
  double u = 0, w = 0, z = 0;  // U; with weights g + 1/2, where g = k + 2 m; with (g + 1/2) g
  for (int k = kTerms, row = kTerms * (kTerms + 1) / 2; k >= 0; row -= k--) {
    double uk = 0, wk = 0, zk = 0;
    for (int m = k; m >= 0; --m) {
      const double g = k + 2 * m, one = c[row + m], weighted = one * (g + 0.5);
      uk = uk * p + one;
      wk = wk * p + weighted;
      zk = zk * p + weighted * g;
    }
    u = u * r + uk;
    w = w * r + wk;
    z = z * r + zk;
  }
  const double q = w / u;
  double over = 1 / (s + n) - q * r * r;
  double slope = n * r / (s + n) + r * r * ((1 - 2 * p) * q + (1 - p) * (z / u - q * q + q / 2));
  double product = 1;
  for (int j = steps; j > 0; --j) {
    const double above = over;
    over = 1 / (2 * (order + j) + x2 * above);
    slope = over - x2 * over * over * (above + slope);
    product *= over;
  }
  const double half_log_2pi = 0.91893853320467274178;
  return {s - n * log_of(n + s) - 0.5 * log_of(s) - half_log_2pi + log_of(u / product), over, slope};
}

VICINAL_HD double log_bessel_of(double x, double order) {
  return std::fabs(x) > 1e100 ? std::fabs(x) : bessel_at(order, x * x).log;
}

VICINAL_HD double bessel_ratio_of(double x, double order) {
  return std::fabs(x) > 1e100 ? std::copysign(1.0, x) : x * bessel_at(order, x * x).over;
}

VICINAL_HD double bessel_slope_of(double x, double order) {
  return std::fabs(x) > 1e100 ? 0.0 : bessel_at(order, x * x).slope;
}

#undef VICINAL_BESSEL

}  // namespace VICINAL_ISA
}  // namespace vicinal::math

#endif  // VICINAL_MATH_BESSEL_HPP_
