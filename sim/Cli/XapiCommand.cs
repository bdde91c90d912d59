using System.CommandLine;
using System.Runtime.InteropServices;
using TwoNodeHa.Sim.Machine;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Cli;

/// <summary>`sim xapi`: both hosts of a pool in one process on loopback, to play with.</summary>
internal static class XapiCommand
{
    public static Command Create()
    {
        var directory = new Option<string>("--dir") { Required = true, Description = "holds a/, b/ and shared/" };
        var portA = new Option<int>("--port-a") { DefaultValueFactory = _ => 8081, Description = "port of host a on 127.0.0.1" };
        var portB = new Option<int>("--port-b") { DefaultValueFactory = _ => 8082, Description = "port of host b on 127.0.0.2" };
        var vms = new Option<int>("--vms") { DefaultValueFactory = _ => 4, Description = "number of VMs" };
        Option<string> timings = CliOptions.Timings();
        var command = new Command("xapi", "Run an emulated two-host pool on loopback.") { directory, portA, portB, vms, timings };
        command.SetAction((parsed, cancel) => RunAsync(
            Path.GetFullPath(parsed.GetValue(directory)!),
            PoolDefinition.Sample(parsed.GetValue(vms), parsed.GetValue(portA), parsed.GetValue(portB)),
            CliOptions.ParseTimings(parsed.GetValue(timings)!),
            cancel));
        return command;
    }

    private static async Task<int> RunAsync(
        string root, PoolDefinition pool, ToolstackTimings timings, CancellationToken cancel)
    {
        Directory.CreateDirectory(root);
        await File.WriteAllTextAsync(Path.Combine(root, "pool.json"), pool.ToJson(), cancel).ConfigureAwait(false);
        EmulatedNode[] nodes = [.. pool.Hosts.Select((host, index) => CreateNode(root, pool, host, timings, index))];
        try
        {
            foreach (EmulatedNode node in nodes)
            {
                await node.BootAsync().ConfigureAwait(false);
                HostDefinition host = pool.Host(node.HostName);
                Console.WriteLine($"host {host.Name}: http://{host.Address}:{host.Port}/jsonrpc  {node.Directory.XapiSocket}");
            }

            Console.WriteLine($"root password: {pool.RootPassword}   events: {root}/*/node.log   Ctrl-C stops");
            await WaitAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            await Task.WhenAll(nodes.Select(node => node.ShutdownAsync())).ConfigureAwait(false);
            ChildProcess.KillAll();
            foreach (EmulatedNode node in nodes)
            {
                await node.DisposeAsync().ConfigureAwait(false);
            }
        }

        return 0;
    }

    private static async Task WaitAsync(CancellationToken cancel)
    {
        var stopped = new TaskCompletionSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using CancellationTokenRegistration cancelled = cancel.Register(() => stopped.TrySetResult());
        await stopped.Task.ConfigureAwait(false);

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stopped.TrySetResult();
        }
    }

    private static EmulatedNode CreateNode(
        string root, PoolDefinition pool, HostDefinition host, ToolstackTimings timings, int seed) => new(new NodeOptions
        {
            Pool = pool,
            HostName = host.Name,
            Directory = new HostDirectory(Path.Combine(root, host.Name), Path.Combine(root, "shared")),
            Timings = timings,
            Seed = seed,

            // In the playground a host that dies takes the whole program with it, unless it was asked to stop.
            Exit = code => ExitUnlessOrderly(code),
        });

    private static void ExitUnlessOrderly(int code)
    {
        if (code != 0)
        {
            ChildProcess.KillAll();
            Native.ExitNow(code);
        }
    }
}
