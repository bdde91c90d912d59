namespace TwoNodeHa.Sim.Explore;

/// <summary>
/// Situations that were reached, each with the faults and the grid steps that were left. Cut into parts that grow by
/// themselves, open addressing, 18 bytes a slot. Any number of threads may ask while none adds.
/// </summary>
internal sealed class VisitedSet
{
    private const int PartCount = 256;
    private readonly Part[] _parts;

    public VisitedSet()
    {
        _parts = new Part[PartCount];
        for (var i = 0; i < PartCount; i++)
        {
            _parts[i] = new Part();
        }
    }

    /// <summary>Distinct situations.</summary>
    public long Count
    {
        get
        {
            var sum = 0L;
            foreach (var part in _parts)
            {
                sum += part.Count;
            }

            return sum;
        }
    }

    /// <summary>True unless the situation is known with at least as many faults and as much time left.</summary>
    public bool Add(StateHash hash, int faultsLeft, int stepsLeft) => _parts[hash.High >> 56].Add(hash, faultsLeft, stepsLeft);

    /// <summary>The situation is known with more faults and at least as much time left.</summary>
    public bool IsCovered(StateHash hash, int faultsLeft, int stepsLeft) =>
        _parts[hash.High >> 56].IsCovered(hash, faultsLeft, stepsLeft);

    private sealed class Part
    {
        private StateHash[] _keys = new StateHash[64];
        private ushort[] _left = new ushort[64];

        public int Count { get; private set; }

        public bool Add(StateHash hash, int faultsLeft, int stepsLeft)
        {
            if (Count * 4 > _keys.Length * 3)
            {
                Grow();
            }

            var at = Find(_keys, _left, hash);
            var known = _left[at];
            if (known == 0)
            {
                Count++;
                _keys[at] = hash;
            }
            else if (Faults(known) >= faultsLeft && Steps(known) >= stepsLeft)
            {
                return false;
            }

            _left[at] = Math.Max(known, Pack(faultsLeft, stepsLeft));
            return true;
        }

        public bool IsCovered(StateHash hash, int faultsLeft, int stepsLeft)
        {
            var known = _left[Find(_keys, _left, hash)];
            return known != 0 && Faults(known) > faultsLeft && Steps(known) >= stepsLeft;
        }

        /// <summary>Faults weigh more than time; never 0, which is an empty slot.</summary>
        private static ushort Pack(int faults, int steps) => (ushort)(((faults + 1) << 12) | Math.Min(steps, 4095));

        private static int Faults(ushort packed) => (packed >> 12) - 1;

        private static int Steps(ushort packed) => packed & 4095;

        private static int Find(StateHash[] keys, ushort[] left, StateHash hash)
        {
            var mask = keys.Length - 1;
            var at = (int)hash.Low & mask;
            while (left[at] != 0 && keys[at] != hash)
            {
                at = (at + 1) & mask;
            }

            return at;
        }

        private void Grow()
        {
            var keys = new StateHash[_keys.Length * 2];
            var left = new ushort[keys.Length];
            for (var i = 0; i < _keys.Length; i++)
            {
                if (_left[i] != 0)
                {
                    var at = Find(keys, left, _keys[i]);
                    (keys[at], left[at]) = (_keys[i], _left[i]);
                }
            }

            (_keys, _left) = (keys, left);
        }
    }
}
