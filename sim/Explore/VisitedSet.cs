namespace TwoNodeHa.Sim.Explore;

/// <summary>
/// Situations that were reached, each with the most faults that were left. Shared by the threads: cut into parts with a
/// lock each, open addressing, 17 bytes a slot.
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

    /// <summary>True when the situation is new, or was only known with fewer faults left.</summary>
    public bool Add(StateHash hash, int faultsLeft) => _parts[hash.High >> 56].Add(hash, faultsLeft);

    /// <summary>The most faults that were left when the situation was reached; -1 for never.</summary>
    public int FaultsLeft(StateHash hash) => _parts[hash.High >> 56].FaultsLeft(hash);

    private sealed class Part
    {
        private readonly Lock _lock = new();
        private StateHash[] _keys = new StateHash[64];
        private byte[] _left = new byte[64];

        public int Count { get; private set; }

        public bool Add(StateHash hash, int faultsLeft)
        {
            lock (_lock)
            {
                if (Count * 4 > _keys.Length * 3)
                {
                    Grow();
                }

                var at = Find(_keys, _left, hash);
                if (_left[at] == 0)
                {
                    Count++;
                    _keys[at] = hash;
                }
                else if (_left[at] > faultsLeft)
                {
                    return false;
                }

                _left[at] = (byte)(faultsLeft + 1);
                return true;
            }
        }

        public int FaultsLeft(StateHash hash)
        {
            lock (_lock)
            {
                return _left[Find(_keys, _left, hash)] - 1;
            }
        }

        private static int Find(StateHash[] keys, byte[] left, StateHash hash)
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
            var left = new byte[keys.Length];
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
