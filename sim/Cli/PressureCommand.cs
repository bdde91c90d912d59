using System.CommandLine;
using System.Runtime.InteropServices;

namespace TwoNodeHa.Sim.Cli;

/// <summary><c>sim pressure</c>: one process that presses on the machine until its standard input ends.</summary>
internal static class PressureCommand
{
    private const int Mebibyte = 1024 * 1024;

    public static Command Create()
    {
        var mebibytes = new Option<long>("--mib") { Required = true, Description = "Most that is held at a time." };
        var directory = new Option<string>("--dir") { Required = true, Description = "Where the file is written." };
        var cpu = new Command("cpu", "A busy loop.");
        cpu.SetAction(_ => Until(Spin));
        var memory = new Command("memory", "Touches memory up to a bound, frees it, begins again.") { mebibytes };
        memory.SetAction(parsed => Until(() => Touch(parsed.GetValue(mebibytes))));
        var disk = new Command("disk", "Writes with an fsync behind each mebibyte.") { directory };
        disk.SetAction(parsed => Until(() => Write(parsed.GetValue(directory)!)));
        return new Command("pressure", "Press on the machine until standard input ends.") { cpu, memory, disk };
    }

    private static int Until(Action work)
    {
        new Thread(() => work()) { IsBackground = true, Name = "pressure" }.Start();
        while (Console.In.Read() >= 0)
        {
            // Only its end counts.
        }

        return 0;
    }

    private static void Spin()
    {
        while (true)
        {
            Thread.SpinWait(1000);
        }
    }

    private static unsafe void Touch(long mebibytes)
    {
        var held = new Stack<nint>();
        while (true)
        {
            while (held.Count < mebibytes)
            {
                var chunk = (byte*)NativeMemory.Alloc(Mebibyte);
                for (int at = 0; at < Mebibyte; at += Environment.SystemPageSize)
                {
                    chunk[at] = 1;
                }

                held.Push((nint)chunk);
            }

            while (held.TryPop(out nint chunk))
            {
                NativeMemory.Free((void*)chunk);
            }
        }
    }

    private static void Write(string directory)
    {
        const int FileMebibytes = 256;
        byte[] block = new byte[Mebibyte];
        Random.Shared.NextBytes(block);
        using var file = new FileStream(
            Path.Combine(directory, $"sim-pressure-{Environment.ProcessId}"), new FileStreamOptions
            {
                Mode = FileMode.Create, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose, BufferSize = 0,
            });
        File.Delete(file.Name);
        while (true)
        {
            file.Position = 0;
            for (int i = 0; i < FileMebibytes; i++)
            {
                file.Write(block);
                file.Flush(flushToDisk: true);
            }
        }
    }
}
