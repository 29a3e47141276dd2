/* real_end.h: closes a section that real.h opened. */
#undef real
#undef other_real
#undef ubits
#undef ibits
#undef K
#undef T
#undef K64
#undef KS
#undef R
#undef LANES
#undef QUAD
#undef REAL_BITS
