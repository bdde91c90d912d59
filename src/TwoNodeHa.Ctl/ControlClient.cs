using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Ctl;

/// <summary>What came of one request.</summary>
/// <param name="ExitCode"><see cref="Ctl.ExitCode.Ok"/> when there is an answer, else why there is none.</param>
/// <param name="Answer">The answer; null when there is none.</param>
/// <param name="Trouble">Why there is none, as a sentence.</param>
internal sealed record Exchange(int ExitCode, ControlAnswer? Answer, string Trouble);

/// <summary>
/// One request and one answer over the control socket, within one deadline. Synchronous on purpose: a status must be
/// there within a fraction of a second, and starting the asynchronous machinery costs a part of it.
/// </summary>
internal static class ControlClient
{
    // A thousand events or two hundred VMs are some hundred KiB; an endless answer is none.
    private const int AnswerBytesMax = 4 * 1024 * 1024;

    public static Exchange Ask(string socketPath, ControlRequest request, TimeSpan timeout)
    {
        var watch = Stopwatch.StartNew();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // The send timeout also bounds connect: a hung daemon with a full backlog must not hold us.
            socket.SendTimeout = Remaining(watch, timeout);
            socket.Connect(new UnixDomainSocketEndPoint(socketPath));
        }
        catch (SocketException failure) when (IsTimeout(failure))
        {
            return TimedOut(timeout);
        }
        catch (Exception failure) when (failure is SocketException or ArgumentException)
        {
            return new Exchange(ExitCode.Unreachable, null, $"the daemon cannot be reached on {socketPath}: "
                + $"{Reason(failure)}");
        }

        try
        {
            return Converse(socket, request, watch, timeout);
        }
        catch (SocketException failure) when (IsTimeout(failure))
        {
            return TimedOut(timeout);
        }
        catch (SocketException failure)
        {
            return new Exchange(ExitCode.Unreachable, null, $"the daemon closed the connection: {failure.Message}");
        }
    }

    private static Exchange Converse(Socket socket, ControlRequest request, Stopwatch watch, TimeSpan timeout)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(request, ControlJson.Default.ControlRequest);
        Span<byte> newLine = [(byte)'\n'];
        socket.SendTimeout = Remaining(watch, timeout);
        try
        {
            socket.Send(line);
            socket.Send(newLine);
        }
        catch (SocketException failure) when (failure.SocketErrorCode is SocketError.Shutdown or SocketError.ConnectionReset or SocketError.ConnectionAborted)
        {
            // A daemon that closes at once has said why before: the answer is read all the same.
        }

        var buffer = new byte[16 * 1024];
        var length = 0;
        while (true)
        {
            if (watch.Elapsed >= timeout)
            {
                return TimedOut(timeout);
            }

            socket.ReceiveTimeout = Remaining(watch, timeout);
            var count = socket.Receive(buffer, length, buffer.Length - length, SocketFlags.None);
            if (count == 0)
            {
                return Garbled(length == 0 ? "the daemon closed the connection without "
                    + "an answer" : "the daemon's answer is cut off");
            }

            var end = Array.IndexOf(buffer, (byte)'\n', length, count);
            length += count;
            if (end >= 0)
            {
                return Parse(buffer.AsSpan(0, end));
            }

            if (length == buffer.Length)
            {
                if (length >= AnswerBytesMax)
                {
                    return Garbled("the daemon's answer does not end");
                }

                Array.Resize(ref buffer, buffer.Length * 2);
            }
        }
    }

    private static Exchange Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, ControlJson.Default.ControlAnswer) is { } answer
                ? new Exchange(ExitCode.Ok, answer, "")
                : Garbled("the daemon's answer is empty");
        }
        catch (JsonException failure)
        {
            return Garbled($"the daemon's answer is not understood (another version?): {failure.Message}");
        }
    }

    private static Exchange Garbled(string sentence) => new(ExitCode.Garbled, null, sentence);

    private static Exchange TimedOut(TimeSpan timeout) => new(
        ExitCode.Timeout,
        null,
        $"the daemon did not answer within {Output.Words.Number(timeout.TotalSeconds)} s; whether it acts on the "
            + "request is not known");

    private static string Reason(Exception failure) => failure is SocketException { SocketErrorCode: var code }
        ? code switch
        {
            SocketError.ConnectionRefused => "nobody listens there, the daemon is not running",
            SocketError.AddressNotAvailable => "the socket is not there, the daemon is not running",
            SocketError.AccessDenied => "permission denied, run ha-ctl as root",
            _ => failure.Message,
        }
        : failure.Message;

    private static bool IsTimeout(SocketException failure) =>
        failure.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock;

    private static int Remaining(Stopwatch watch, TimeSpan timeout) =>
        Math.Max(1, (int)(timeout - watch.Elapsed).TotalMilliseconds);
}
