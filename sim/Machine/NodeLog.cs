using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Machine;

/// <summary>
/// JSON lines to node.log and standard output: wall clock to the millisecond, so that a laboratory can measure phases
/// over both hosts of one machine.
/// </summary>
internal sealed class NodeLog : IDisposable
{
    private readonly Lock _gate = new();
    private readonly StreamWriter _file;
    private readonly TextWriter? _console;

    public NodeLog(string path, TextWriter? console)
    {
        _file = new StreamWriter(path, append: true) { AutoFlush = true };
        _console = console;
    }

    public void Write(PoolEvent happened)
    {
        DateTime now = DateTime.UtcNow;
        var line = new JsonObject
        {
            ["time"] = now.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture),
            ["ms"] = new DateTimeOffset(now).ToUnixTimeMilliseconds(),
            ["host"] = happened.Host,
            ["event"] = happened.Name,
        };
        foreach ((string key, string value) in happened.Fields)
        {
            // A field never hides one of the four above.
            line[line.ContainsKey(key) ? "of_" + key : key] = value;
        }

        string text = line.ToJsonString();
        lock (_gate)
        {
            _file.WriteLine(text);
            _console?.WriteLine(text);
        }
    }

    public void Dispose() => _file.Dispose();
}
