"""What `nn::Random` must give, by an implementation of its own: PCG-XSL-RR 128/64, seeded by SplitMix64."""

import math

M64, M128 = 2**64 - 1, 2**128 - 1
MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645


def mix(seed):
    z = (seed + 0x9E3779B97F4A7C15) & M64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M64
    return z ^ (z >> 31)


class Random:
    def __init__(self, seed, n=0):
        state, stream = mix(seed) << 64 | mix(n ^ M64), mix(seed ^ mix(n))
        self.increment = (stream << 1 | 1) & M128
        self.state = (state + self.increment) & M128
        self.step()

    def step(self):
        self.state = (self.state * MULTIPLIER + self.increment) & M128

    def bits(self):
        self.step()
        x, turn = (self.state >> 64 ^ self.state) & M64, self.state >> 122
        return (x >> turn | x << (64 - turn)) & M64

    def unit(self):
        return (self.bits() >> 11) / 2**53

    def normal(self):
        while True:
            u, v = (-1 + 2 * self.unit() for _ in range(2))
            s = u * u + v * v
            if 0 < s < 1:
                return u * math.sqrt(-2 * math.log(s) / s)

    def shuffled(self, count):
        items = list(range(count))
        for k in range(count - 1, 0, -1):
            j = self.bits() * (k + 1) >> 64
            items[k], items[j] = items[j], items[k]
        return items


random = Random(7)
print([random.unit() for _ in range(3)], Random(7, 3).shuffled(8), (random.normal(), random.normal()))
