using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Sim.Pool.Xapi;

/// <summary>
/// Sessions of one process (xapi.md 1.4). Normal ones live in the master's database and are never persisted; local ones
/// live in the memory of this process whatever its role.
/// </summary>
internal sealed class Sessions(XapiProcess process)
{
    private const int PerOriginatorMax = 500;
    private static readonly TimeSpan Inactive = TimeSpan.FromHours(24);

    private readonly HashSet<string> _local = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Session> _normal = new(StringComparer.Ordinal);
    private long _order;

    public string LoginLocal()
    {
        string reference = process.Host.NewRef();
        _local.Add(reference);
        return reference;
    }

    public bool IsLocal(string reference) => _local.Contains(reference);

    public string Login(string originator)
    {
        List<KeyValuePair<string, Session>> own =
            [.. _normal.Where(pair => pair.Value.Originator == originator).OrderBy(pair => pair.Value.Order)];
        if (own.Count >= PerOriginatorMax)
        {
            _normal.Remove(own[0].Key);
        }

        string reference = process.Host.NewRef();
        _normal[reference] = new Session(originator, _order++, process.Now);
        return reference;
    }

    public bool IsNormal(string reference)
    {
        if (!_normal.TryGetValue(reference, out Session? session))
        {
            return false;
        }

        session.LastUsed = process.Now;
        return true;
    }

    public void Logout(string reference)
    {
        _local.Remove(reference);
        _normal.Remove(reference);
    }

    public void Collect()
    {
        foreach (string reference in _normal.Where(p => process.Now - p.Value.LastUsed > Inactive).Select(p => p.Key).ToList())
        {
            _normal.Remove(reference);
        }
    }

    /// <summary>The session check of every call that takes one. May hang on a member whose master is away.</summary>
    public async Task CheckAsync(CallOrigin origin, string reference)
    {
        if (_local.Contains(reference))
        {
            return;
        }

        if (process.IsMaster)
        {
            if (!IsNormal(reference))
            {
                throw new ApiException("SESSION_INVALID", reference);
            }

            return;
        }

        bool known = (bool)(await process.Link.DbAsync("emu.db_session_known", reference).ConfigureAwait(false))!;
        if (origin == CallOrigin.Tcp)
        {
            throw new ApiException("HOST_IS_SLAVE", process.Role.MasterAddress);
        }

        if (!known)
        {
            throw new ApiException("SESSION_INVALID", reference);
        }
    }

    private sealed class Session(string originator, long order, Instant lastUsed)
    {
        public string Originator { get; } = originator;

        public long Order { get; } = order;

        public Instant LastUsed { get; set; } = lastUsed;
    }
}
